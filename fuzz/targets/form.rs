//! A form is refused, or means the same when it is written and read once more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_oauth::form::Form;

fuzz_target!(|text: &[u8]| {
    let Ok(form) = Form::parse(text) else { return };
    let written = form.without(&[]);
    let again = Form::parse(written.as_bytes()).expect("what was written is read");
    assert_eq!(again.without(&[]), written);
    for name in ["client_id", "code", "username", "password"] {
        assert_eq!(again.one(name), form.one(name));
    }
});
