//! `tollgate serve`: the server of a store, until it is told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tollgate::Engine;
use tollgate_http::control::ControlSocket;
use tollgate_http::{Host, HostOptions, Server};

use crate::arguments::Serve;
use crate::dev::{self, Trial, url};
use crate::exit::{Exit, Failure};
use crate::{logs, print, reach};

/// How long a command that would not end within the bound of the socket is still waited for.
const LINGER: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or SIGINT; then requests under way end, counters are saved, and the store is let go of.
pub(crate) fn serve(store: &Path, serve: &Serve, as_json: bool) -> Result<Exit, Failure> {
    logs::start()?;
    let (engine, trial) = if serve.dev {
        dev::refuse_other_machines(serve.listen)?;
        let (engine, trial) = dev::prepare(store)?;
        (engine, Some(trial))
    } else if store.exists() {
        (reach::open(store)?, None)
    } else {
        let words = format!(
            "expected a store at {}, but there is no such file: make one with `tollgate init`, or try with `tollgate serve --dev`",
            store.display()
        );
        return Err(Failure::trouble("no_store", words));
    };
    let runtime = Runtime::new().map_err(|error| Failure::trouble("no_runtime", error.to_string()))?;
    let served = runtime.block_on(run(&engine, store, serve.listen, trial, as_json));
    // A backup under way is broken off; a copy gets its name only once it is whole.
    runtime.shutdown_timeout(LINGER);
    engine.close();
    served?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

async fn run(
    engine: &Engine,
    store: &Path,
    listen: SocketAddr,
    trial: Option<Trial>,
    as_json: bool,
) -> Result<(), Failure> {
    let trouble = |error: std::io::Error| Failure::trouble("no_signals", error.to_string());
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate()).map_err(trouble)?,
        signal(SignalKind::interrupt()).map_err(trouble)?,
    );
    let server = Server::bind(&[listen])
        .await
        .map_err(|error| cannot_listen(error.address, &error.reason))?;
    let addresses = server.addresses().map_err(|error| cannot_listen(listen, &error))?;
    let address = addresses.first().copied().unwrap_or(listen);
    // The socket comes before the first request is answered, so that whoever sees the server answer can command it.
    let host = Host::new(engine.clone(), HostOptions::default());
    let control = match ControlSocket::bind(host.clone(), store) {
        Ok(control) => Some(control),
        Err(error) => {
            tracing::warn!(%error, "there is no control socket: other commands cannot reach this server");
            None
        }
    };
    announce(engine, address, trial.as_ref(), as_json)?;
    let (stop, stopped) = watch::channel(false);
    let until_stopped = || {
        let mut stopped = stopped.clone();
        async move {
            // The other end is gone only when everything ends.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    };
    let signalled = async {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("stopping, as SIGTERM asks"),
            _ = interrupt.recv() => tracing::info!("stopping, as SIGINT asks"),
        }
        stop.send_replace(true);
    };
    let controlled = async {
        if let Some(control) = control {
            control.run(until_stopped()).await;
        }
    };
    tokio::join!(signalled, server.run(host, until_stopped()), controlled);
    Ok(())
}

/// Says where the server listens, on a line of its own.
fn announce(engine: &Engine, address: SocketAddr, trial: Option<&Trial>, as_json: bool) -> Result<(), Failure> {
    let listening = url(address);
    if as_json {
        let mut line = json!({ "listening": listening });
        if let (Some(trial), Some(line)) = (trial, line.as_object_mut()) {
            line.insert("dev".to_owned(), trial.json(address));
        }
        print::out(&line.to_string());
        return Ok(());
    }
    print::out(&format!("listening on {listening}"));
    if let Some(trial) = trial {
        print::out(&trial.text(engine, address)?);
    }
    Ok(())
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => "another program listens there: stop it, or choose another port with --listen",
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 are for the administrator: choose another with --listen"
        }
        _ => "choose another address with --listen",
    };
    Failure::trouble(
        "cannot_listen",
        format!("expected to listen on {address}, but: {error}; {advice}"),
    )
}
