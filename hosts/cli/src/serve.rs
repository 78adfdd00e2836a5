//! `tollgate serve`: the server of a store, until it is told to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tollgate::{Engine, KEY_VARIABLE};
use tollgate_http::control::ControlSocket;
use tollgate_http::{BindError, Host, HostOptions, Server, Tls};
use tollgate_oauth::{AuthorizationServer, Configuration};
use url::Url;

use crate::arguments::Serve;
use crate::config::{Config, Flag, Source, shown};
use crate::dev::{self, Trial, url};
use crate::exit::{Exit, Failure};
use crate::{logs, print, reach};

/// How long a command that would not end within the bound of the socket is still waited for.
const LINGER: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or SIGINT; then requests under way end, counters are saved, and the store is let go of.
pub(crate) fn serve(data: Option<&Path>, serve: &Serve, as_json: bool) -> Result<Exit, Failure> {
    let config = configured(data, serve)?;
    if serve.print_config {
        print::out(&shown(&config, as_json));
        return Ok(Exit::Done);
    }
    // Held until the end: lines that wait are written when this goes.
    let _logs = logs::start(&config);
    let tls = certificate(&config)?;
    let (engine, trial) = opened(&config, serve.dev)?;
    let runtime = Runtime::new().map_err(|error| Failure::trouble("no_runtime", error.to_string()))?;
    let served = runtime.block_on(run(&engine, &config, tls, trial, as_json));
    // A backup under way is broken off; a copy gets its name only once it is whole.
    runtime.shutdown_timeout(LINGER);
    engine.close();
    served?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// What was typed over the environment over the file.
fn configured(data: Option<&Path>, serve: &Serve) -> Result<Config, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    // The store may have been found in the environment, as for every verb.
    let typed_data = data
        .filter(|path| std::env::var_os("TOLLGATE_DATA").is_none_or(|variable| variable != path.as_os_str()))
        .map(|path| path.display().to_string());
    let path = |path: &PathBuf| path.display().to_string();
    let typed = [
        ("data", "--data", typed_data.into_iter().collect()),
        (
            "listen",
            "--listen",
            serve.listen.iter().map(SocketAddr::to_string).collect(),
        ),
        ("key_file", "--key-file", serve.key_file.iter().map(path).collect()),
        ("tls.cert", "--tls-cert", serve.tls_cert.iter().map(path).collect()),
        ("tls.key", "--tls-key", serve.tls_key.iter().map(path).collect()),
        ("log.format", "--log", serve.log.iter().cloned().collect()),
        ("log.level", "--log-level", serve.log_level.iter().cloned().collect()),
    ];
    let flags: Vec<Flag> = typed
        .into_iter()
        .filter(|(_, _, values): &(_, _, Vec<String>)| !values.is_empty())
        .map(|(key, name, values)| Flag { key, name, values })
        .collect();
    let mut config = Config::read(serve.config.as_deref(), variable, &flags)?;
    if let Some(data) = data {
        // Names of files need not be text.
        config.data = data.to_owned();
    }
    Ok(config)
}

fn certificate(config: &Config) -> Result<Option<Arc<Tls>>, Failure> {
    let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else {
        return Ok(None);
    };
    let tls = Tls::open(cert, key).map_err(|error| Failure::trouble("no_certificate", error.to_string()))?;
    Ok(Some(Arc::new(tls)))
}

fn opened(config: &Config, dev: bool) -> Result<(Engine, Option<Trial>), Failure> {
    if dev {
        for listen in &config.listen {
            dev::refuse_other_machines(*listen)?;
        }
        if config.tls_cert.is_some() || config.key_file.is_some() {
            let words = "expected neither TLS nor a key file with --dev, which is for a first try in clear: leave one of the two out";
            return Err(Failure::usage(words));
        }
        let (engine, trial) = dev::prepare(&config.data)?;
        return Ok((engine, Some(trial)));
    }
    if !config.data.exists() {
        let words = format!(
            "expected a store at {}, but there is no such file: make one with `tollgate init`, or try with `tollgate serve --dev`",
            config.data.display()
        );
        return Err(Failure::trouble("no_store", words));
    }
    // A key in the environment overrides the name of a file in the configuration.
    let in_environment = std::env::var_os(KEY_VARIABLE).is_some();
    let key_file = config
        .key_file
        .as_deref()
        .filter(|_| !in_environment || config.source("key_file") > Source::File);
    Ok((reach::open(&config.data, key_file, config.refresh_idle_s)?, None))
}

/// What the system may tell the server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let signal = |kind| signal(kind).map_err(|error| Failure::trouble("no_signals", error.to_string()));
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the server is to stop; meanwhile reads the certificate again when asked to.
    async fn until_stop(&mut self, tls: Option<&Arc<Tls>>) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return tracing::info!("stopping, as SIGTERM asks"),
                _ = self.interrupt.recv() => return tracing::info!("stopping, as SIGINT asks"),
                _ = self.hangup.recv() => reload(tls.cloned()).await,
            }
        }
    }
}

async fn reload(tls: Option<Arc<Tls>>) {
    let Some(tls) = tls else {
        tracing::info!("nothing is read again on SIGHUP, since there is no certificate");
        return;
    };
    match tokio::task::spawn_blocking(move || tls.reload()).await {
        Ok(Ok(())) => tracing::info!("the certificate was read again, as SIGHUP asks"),
        Ok(Err(error)) => tracing::error!(%error, "the certificate cannot be used: the old one stays"),
        Err(error) => tracing::error!(%error, "the certificate was not read again"),
    }
}

async fn run(
    engine: &Engine,
    config: &Config,
    tls: Option<Arc<Tls>>,
    trial: Option<Trial>,
    as_json: bool,
) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let server = Server::bind(&config.listen)
        .await
        .map_err(|error| cannot_listen(&error))?;
    let addresses = server
        .addresses()
        .map_err(|error| Failure::trouble("cannot_listen", error.to_string()))?;
    let server = match &tls {
        Some(tls) => server.tls(Arc::clone(tls)),
        None => server,
    };
    // The socket comes before the first request is answered, so that whoever sees the server answer can command it.
    let options = HostOptions {
        bounds: config.bounds,
        cross_origin: config.cross_origin()?,
        metrics_from: config.metrics_from.clone(),
        authorization: authorization(engine, config, addresses.first().copied(), tls.is_some())?,
    };
    let host = Host::new(engine.clone(), options);
    let control = match ControlSocket::bind(host.clone(), &config.data) {
        Ok(control) => Some(control),
        Err(error) => {
            tracing::warn!(%error, "there is no control socket: other commands cannot reach this server");
            None
        }
    };
    announce(engine, &addresses, tls.is_some(), trial.as_ref(), as_json)?;
    let (stop, stopped) = watch::channel(false);
    let until_stopped = || {
        let mut stopped = stopped.clone();
        async move {
            // The other end is gone only when everything ends.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    };
    let signalled = async {
        signals.until_stop(tls.as_ref()).await;
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

/// The authorization server, by the address that others reach it at. Where nobody has said which that is, it is the server's own on
/// loopback; elsewhere it cannot be known, and there is none.
fn authorization(
    engine: &Engine,
    config: &Config,
    address: Option<SocketAddr>,
    is_secure: bool,
) -> Result<Option<AuthorizationServer>, Failure> {
    let scheme = if is_secure { "https" } else { "http" };
    let own = address.filter(|address| address.ip().is_loopback());
    let own = own.and_then(|address| Url::parse(&format!("{scheme}://{address}")).ok());
    let Some(url) = config.public_url.clone().or(own) else {
        tracing::info!(
            "there are no token endpoints, since public_url does not say by which address others reach them"
        );
        return Ok(None);
    };
    let mut configuration = Configuration::at(url);
    configuration.registration = config.registration;
    configuration.registration_scopes = config.registration_scopes.clone();
    let server = AuthorizationServer::new(engine.clone(), configuration)
        .map_err(|error| Failure::usage(format!("public_url and oauth: {error}")))?;
    // Beside everything else: it takes a moment where there are no keys yet, and whoever needs one waits for it.
    let keys = server.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = keys.ensure_keys(keys.engine().now()) {
            tracing::error!(%error, "there are no keys to sign tokens with");
        }
    });
    Ok(Some(server))
}

/// Says where the server listens: each address on a line of its own.
fn announce(
    engine: &Engine,
    addresses: &[SocketAddr],
    is_secure: bool,
    trial: Option<&Trial>,
    as_json: bool,
) -> Result<(), Failure> {
    let listening = addresses.iter().map(|address| match is_secure {
        true => format!("https://{address}"),
        false => url(*address),
    });
    let listening: Vec<String> = listening.collect();
    let trial = trial.zip(addresses.first());
    if as_json {
        let mut line = json!({ "listening": listening.first(), "addresses": listening });
        if let (Some((trial, address)), Some(line)) = (trial, line.as_object_mut()) {
            line.insert("dev".to_owned(), trial.json(*address));
        }
        print::out(&line.to_string());
        return Ok(());
    }
    for address in &listening {
        print::out(&format!("listening on {address}"));
    }
    if let Some((trial, address)) = trial {
        print::out(&trial.text(engine, *address)?);
    }
    Ok(())
}

fn cannot_listen(error: &BindError) -> Failure {
    let advice = match error.reason.kind() {
        std::io::ErrorKind::AddrInUse => "another program listens there: stop it, or choose another port with --listen",
        std::io::ErrorKind::PermissionDenied => {
            "ports below 1024 are for the administrator: choose another with --listen"
        }
        _ => "choose another address with --listen",
    };
    Failure::trouble("cannot_listen", format!("{error}; {advice}"))
}
