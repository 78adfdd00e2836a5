//! A certificate and its key, from two files that may be renewed while the server runs.
//!
//! A new pair counts for the handshakes that begin after it was read. Where it is no pair, the old one stays: a renewal
//! that went wrong is a line in the log, not an outage.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// The longest file that is read: a chain of some hundred certificates.
const FILE_LEN_MAX: u64 = 1024 * 1024;

/// Why a certificate and a key cannot be used. The words name files and never show what is in them.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("expected to read {path}, but: {reason}", path = .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// A file does not hold what it should.
    #[error("expected {what} in {path}, but found none that can be read: {advice}", path = .path.display())]
    Absent {
        /// Which.
        path: PathBuf,
        /// What should be there.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The key is another certificate's.
    #[error(
        "expected the key of the first certificate in {cert} in {key}, but found another: give the two files that were issued together",
        cert = .cert.display(), key = .key.display()
    )]
    Mismatch {
        /// The file with the certificate.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// The library refuses the pair.
    #[error("expected a certificate and a key that TLS can use in {cert} and {key}, but: {reason}", cert = .cert.display(), key = .key.display())]
    Unusable {
        /// The file with the certificate.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What the library said.
        reason: rustls::Error,
    },
}

/// A certificate, its key, and the files they came from.
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    /// The files as they were when they were last read, with or without success.
    read: Mutex<[Option<Appearance>; 2]>,
}

/// What changes when a file is written or replaced: device, inode, length, and the times of the last writing and change.
type Appearance = (u64, u64, u64, [i64; 4]);

impl Tls {
    /// Reads a chain of certificates and the key of the first, both in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsError`] where a file cannot be read, does not hold what it should, or the two do not belong together.
    pub fn open(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let (cert, key) = (cert.into(), key.into());
        let read = appearances(&cert, &key);
        let config = config(&cert, &key)?;
        Ok(Self {
            cert,
            key,
            config: RwLock::new(Arc::new(config)),
            read: Mutex::new(read),
        })
    }

    /// Reads both files again, for the handshakes that begin from now on. Blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`TlsError`], with which the old pair stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let mut read = self.read.lock();
        // Taken before the files are read: what is written meanwhile is found at the next look.
        *read = appearances(&self.cert, &self.key);
        let config = config(&self.cert, &self.key)?;
        *self.config.write() = Arc::new(config);
        Ok(())
    }

    /// Reads both files again if one has changed since they were last read, and answers whether it did.
    ///
    /// # Errors
    ///
    /// As [`Tls::reload`]; once for each change.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        if *self.read.lock() == appearances(&self.cert, &self.key) {
            return Ok(false);
        }
        self.reload().map(|()| true)
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config.read()))
    }
}

/// Looks at the files again and again, for as long as this is polled.
pub(crate) async fn follow(tls: Arc<Tls>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let tls = Arc::clone(&tls);
        match tokio::task::spawn_blocking(move || tls.reload_if_changed()).await {
            Ok(Ok(true)) => tracing::info!("the certificate was read again"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the certificate changed and cannot be used: the old one stays"),
            Err(_) => return,
        }
    }
}

fn appearances(cert: &Path, key: &Path) -> [Option<Appearance>; 2] {
    [cert, key].map(|path| {
        let seen = fs::metadata(path).ok()?;
        let times = [seen.mtime(), seen.mtime_nsec(), seen.ctime(), seen.ctime_nsec()];
        Some((seen.dev(), seen.ino(), seen.len(), times))
    })
}

fn config(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents(cert)?).collect();
    let chain = chain
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| TlsError::Absent {
            path: cert.into(),
            what: "certificates in PEM",
            advice: "the file begins with `-----BEGIN CERTIFICATE-----`, the server's own certificate first",
        })?;
    let private = PrivateKeyDer::from_pem_slice(&contents(key)?).map_err(|_| TlsError::Absent {
        path: key.into(),
        what: "a private key in PEM",
        advice: "the file begins with `-----BEGIN PRIVATE KEY-----`, and the key is not encrypted",
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = config.map_err(|reason| match reason {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
            cert: cert.into(),
            key: key.into(),
        },
        reason => TlsError::Unusable {
            cert: cert.into(),
            key: key.into(),
            reason,
        },
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut contents = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LEN_MAX).read_to_end(&mut contents))
        .map_err(|reason| TlsError::Unreadable {
            path: path.into(),
            reason,
        })?;
    Ok(contents)
}
