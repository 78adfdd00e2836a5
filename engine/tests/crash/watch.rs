//! Noticing what a test would otherwise sleep through: panics on other threads, and calls that never return.

use std::sync::Once;
use std::time::Duration;

use parking_lot::Mutex;

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// Begins to note every panic of this process, whatever thread it is on.
pub(crate) fn note_panics() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
            PANICS.lock().push(format!("{thread}: {panic}"));
            before(panic);
        }));
    });
}

/// The panics since [`note_panics`].
pub(crate) fn panics() -> Vec<String> {
    PANICS.lock().clone()
}

/// Runs `f`; an error where it panics, or where it has not returned after a time in which it could have done so thousands
/// of times over.
pub(crate) fn within_reason<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    const REASON: Duration = Duration::from_secs(60);
    let (done, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = done.send(f());
    });
    outcome.recv_timeout(REASON).unwrap_or_else(|error| match error {
        std::sync::mpsc::RecvTimeoutError::Timeout => Err("it hangs".to_owned()),
        std::sync::mpsc::RecvTimeoutError::Disconnected => Err("it panicked".to_owned()),
    })
}
