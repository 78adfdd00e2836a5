//! The table of knobs.

use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use super::raw::Raw;
use super::{Config, LogFormat};

/// One thing that can be set.
pub(super) struct Knob {
    /// Its key in the file, behind the name of its table and a full stop.
    pub(super) key: &'static str,
    /// Its variable in the environment.
    pub(super) variable: &'static str,
    /// Puts a value in its place, or says what was expected and what came instead.
    pub(super) take: fn(&mut Config, &Raw) -> Result<(), String>,
    /// The value as it now is; null where there is none.
    pub(super) show: fn(&Config) -> Value,
}

/// Levels of logging.
const LEVELS: [(&str, LevelFilter); 6] = [
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
    ("off", LevelFilter::OFF),
];

/// Forms of lines.
const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

/// An hour, beyond which a bound bounds nothing.
const SECONDS_MOST: u32 = 3_600;

/// Every knob, those of one table side by side.
pub(super) const KNOBS: &[Knob] = &[
    Knob {
        key: "listen",
        variable: "TOLLGATE_LISTEN",
        take: |config, raw| raw.addresses().map(|addresses| config.listen = addresses),
        show: |config| json!(config.listen),
    },
    Knob {
        key: "data",
        variable: "TOLLGATE_DATA",
        take: |config, raw| raw.path().map(|path| config.data = path),
        show: |config| json!(config.data),
    },
    Knob {
        key: "key_file",
        variable: "TOLLGATE_KEY_FILE",
        take: |config, raw| raw.path().map(|path| config.key_file = Some(path)),
        show: |config| json!(config.key_file),
    },
    Knob {
        key: "public_url",
        variable: "TOLLGATE_PUBLIC_URL",
        take: |config, raw| raw.url().map(|url| config.public_url = Some(url)),
        show: |config| json!(config.public_url.as_ref().map(ToString::to_string)),
    },
    Knob {
        key: "tls.cert",
        variable: "TOLLGATE_TLS_CERT",
        take: |config, raw| raw.path().map(|path| config.tls_cert = Some(path)),
        show: |config| json!(config.tls_cert),
    },
    Knob {
        key: "tls.key",
        variable: "TOLLGATE_TLS_KEY",
        take: |config, raw| raw.path().map(|path| config.tls_key = Some(path)),
        show: |config| json!(config.tls_key),
    },
    Knob {
        key: "log.format",
        variable: "TOLLGATE_LOG_FORMAT",
        take: |config, raw| raw.word(&FORMATS).map(|format| config.log_format = format),
        show: |config| word(&FORMATS, &config.log_format),
    },
    Knob {
        key: "log.level",
        variable: "TOLLGATE_LOG",
        take: |config, raw| raw.word(&LEVELS).map(|level| config.log_level = level),
        show: |config| word(&LEVELS, &config.log_level),
    },
    Knob {
        key: "log.access",
        variable: "TOLLGATE_LOG_ACCESS",
        take: |config, raw| raw.switch().map(|on| config.log_access = on),
        show: |config| json!(config.log_access),
    },
    Knob {
        key: "limits.connections",
        variable: "TOLLGATE_LIMITS_CONNECTIONS",
        take: |config, raw| {
            size(raw, "a number of connections", 1, 1_000_000).map(|most| config.bounds.connections_most = most)
        },
        show: |config| json!(config.bounds.connections_most),
    },
    Knob {
        key: "limits.head_seconds",
        variable: "TOLLGATE_LIMITS_HEAD_SECONDS",
        take: |config, raw| {
            raw.seconds(SECONDS_MOST)
                .map(|within| config.bounds.head_within = within)
        },
        show: |config| json!(config.bounds.head_within.as_secs_f64()),
    },
    Knob {
        key: "limits.fields",
        variable: "TOLLGATE_LIMITS_FIELDS",
        take: |config, raw| {
            size(raw, "a number of header fields", 1, 1_024).map(|most| config.bounds.fields_most = most)
        },
        show: |config| json!(config.bounds.fields_most),
    },
    Knob {
        key: "limits.head_bytes",
        variable: "TOLLGATE_LIMITS_HEAD_BYTES",
        take: |config, raw| {
            size(raw, "a number of bytes", 8_192, 1_048_576).map(|most| config.bounds.head_len_max = most)
        },
        show: |config| json!(config.bounds.head_len_max),
    },
    Knob {
        key: "limits.body_seconds",
        variable: "TOLLGATE_LIMITS_BODY_SECONDS",
        take: |config, raw| {
            raw.seconds(SECONDS_MOST)
                .map(|within| config.bounds.body_within = within)
        },
        show: |config| json!(config.bounds.body_within.as_secs_f64()),
    },
    Knob {
        key: "limits.body_bytes",
        variable: "TOLLGATE_LIMITS_BODY_BYTES",
        take: |config, raw| size(raw, "a number of bytes", 1, 67_108_864).map(|most| config.bounds.body_len_max = most),
        show: |config| json!(config.bounds.body_len_max),
    },
    Knob {
        key: "limits.streams",
        variable: "TOLLGATE_LIMITS_STREAMS",
        take: |config, raw| {
            let most = raw.number("a number of HTTP/2 requests at a time", 1, 10_000)?;
            config.bounds.streams_most = u32::try_from(most).unwrap_or(u32::MAX);
            Ok(())
        },
        show: |config| json!(config.bounds.streams_most),
    },
    Knob {
        key: "limits.polls",
        variable: "TOLLGATE_LIMITS_POLLS",
        take: |config, raw| {
            size(raw, "a number of waiting followers", 1, 1_000_000).map(|most| config.bounds.polls_most = most)
        },
        show: |config| json!(config.bounds.polls_most),
    },
    Knob {
        key: "limits.stop_seconds",
        variable: "TOLLGATE_LIMITS_STOP_SECONDS",
        take: |config, raw| {
            raw.seconds(SECONDS_MOST)
                .map(|within| config.bounds.stop_within = within)
        },
        show: |config| json!(config.bounds.stop_within.as_secs_f64()),
    },
    Knob {
        key: "cors.origins",
        variable: "TOLLGATE_CORS_ORIGINS",
        take: |config, raw| {
            config.origins = raw.texts("a list of origins such as https://app.example, or *")?;
            Ok(())
        },
        show: |config| json!(config.origins),
    },
    Knob {
        key: "cors.credentials",
        variable: "TOLLGATE_CORS_CREDENTIALS",
        take: |config, raw| raw.switch().map(|on| config.credentials = on),
        show: |config| json!(config.credentials),
    },
    Knob {
        key: "oauth.registration",
        variable: "TOLLGATE_OAUTH_REGISTRATION",
        take: |config, raw| raw.switch().map(|on| config.registration = on),
        show: |config| json!(config.registration),
    },
    Knob {
        key: "oauth.registration_scopes",
        variable: "TOLLGATE_OAUTH_REGISTRATION_SCOPES",
        take: |config, raw| {
            const WHAT: &str = "a list of scopes such as openid, each without blanks";
            let scopes = raw.texts(WHAT)?.join(" ").parse();
            scopes
                .map(|scopes| config.registration_scopes = scopes)
                .map_err(|_| format!("expected {WHAT}"))
        },
        show: |config| {
            json!(
                config
                    .registration_scopes
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
            )
        },
    },
    Knob {
        key: "oauth.refresh_idle_seconds",
        variable: "TOLLGATE_OAUTH_REFRESH_IDLE_SECONDS",
        take: |config, raw| {
            raw.number("a number of seconds", 60, 31_536_000)
                .map(|seconds| config.refresh_idle_s = seconds)
        },
        show: |config| json!(config.refresh_idle_s),
    },
    Knob {
        key: "metrics.from",
        variable: "TOLLGATE_METRICS_FROM",
        take: |config, raw| raw.rules().map(|rules| config.metrics_from = rules),
        show: |config| json!(config.metrics_from.iter().map(ToString::to_string).collect::<Vec<_>>()),
    },
];

fn size(raw: &Raw, what: &str, least: u64, most: u64) -> Result<usize, String> {
    let number = raw.number(what, least, most)?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

fn word<T: PartialEq>(words: &[(&str, T)], meaning: &T) -> Value {
    words
        .iter()
        .find(|(_, one)| one == meaning)
        .map_or(Value::Null, |(word, _)| json!(word))
}
