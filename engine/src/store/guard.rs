//! redb trusts the structure of its pages, and panics where a damaged file breaks that trust. Here such a panic becomes an
//! error, so that a damaged file takes neither a caller nor the writer down.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::fault::StoreError;

/// What `f` answers, or the panic that it met as a fault of the storage.
///
/// Nothing that `f` was changing is used afterwards: a transaction that unwound is dropped, which aborts it, and the writer
/// takes every fault of the storage for the end of writing.
pub(super) fn guarded<T, E: From<StoreError>>(f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| Err(StoreError::Storage(words(&*panic)).into()))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    format!("the structure of the file is damaged ({text}); restore a backup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_fault_in_words_and_an_answer_stays_one() {
        let met: Result<(), StoreError> = guarded(|| panic!("index {}", 5));
        let expected = "the structure of the file is damaged (index 5); restore a backup";
        assert_eq!(met, Err(StoreError::Storage(expected.to_owned())));
        assert_eq!(guarded(|| Ok::<_, StoreError>(7)), Ok(7));
    }
}
