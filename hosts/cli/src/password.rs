//! A password from standard input.

use std::io::{self, BufRead as _, Read as _};

use tollgate_http::control::protected;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// The longest line that is read.
const LINE_LEN_MAX: u64 = 4_096;

/// What a store keeps of the password in the first line of standard input. The password itself goes no further than here.
pub(crate) fn digest_of_line() -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::with_capacity(256));
    let read = io::stdin().lock().take(LINE_LEN_MAX).read_line(&mut line);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Failure::usage("expected a password in UTF-8 on standard input"),
        _ => Failure::usage(format!("expected a password on standard input, but: {error}")),
    })?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::usage(
            "expected a password in the first line of standard input, but it is empty: `--password-stdin < FILE`",
        ));
    }
    let digest = protected(password).map_err(|fault| Failure::usage(fault.to_string()))?;
    Ok(Zeroizing::new(digest.expose().to_owned()))
}
