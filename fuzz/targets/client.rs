//! A client shows itself in one way, whatever stands in `Authorization` and in the form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::Field;
use tollgate_oauth::client_authentication::{ClientProofText, present};
use tollgate_oauth::form::Form;

fuzz_target!(|parts: (Option<&[u8]>, &[u8])| {
    let (line, text) = parts;
    let Ok(form) = Form::parse(text) else { return };
    let field = line.map_or(Field::Absent, Field::Once);
    let Ok(client) = present(field, &form, |_| None) else {
        return;
    };
    let ways = [
        line.is_some(),
        form.one("client_secret").is_some(),
        form.one("client_assertion").is_some(),
    ];
    let shown = ways.iter().filter(|way| **way).count();
    let is_public = matches!(client.proof, ClientProofText::None);
    assert_eq!(shown, usize::from(!is_public));
});
