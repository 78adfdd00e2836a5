//! The first line is the field, none where it is empty; the rest is the form. A client shows itself in one way, whatever stands in `Authorization` and in the form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate::Field;
use tollgate_oauth::client_authentication::{ClientProofText, present};
use tollgate_oauth::form::Form;

fuzz_target!(|text: &[u8]| {
    let Some(end) = text.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (line, text) = (&text[..end], &text[end + 1..]);
    let line = (!line.is_empty()).then_some(line);
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
