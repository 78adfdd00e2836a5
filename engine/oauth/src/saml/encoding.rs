//! From the parameter of a form to the text of an assertion.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fault::SamlFault;
use super::limits::ENCODED_MOST;

/// In which base64 an assertion comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// With `+`, `/` and padding, perhaps in lines: Cinchy's `token`.
    Standard,
    /// With `-` and `_`, in one piece (RFC 7522 section 2.1): `assertion`. Padding may be there or not.
    Url,
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The text. The lines that some programs break base64 into are put together again.
pub(super) fn decode(encoding: Encoding, text: &str) -> Result<String, SamlFault> {
    // No longer than what its longest form could come from, with line ends.
    let most = ENCODED_MOST / 3 * 4 + ENCODED_MOST / 16;
    if text.len() > most {
        return Err(SamlFault::Long {
            len: text.len() / 4 * 3,
        });
    }
    let decoded = match encoding {
        Encoding::Standard => {
            let joined: String = text.chars().filter(|one| !matches!(one, '\r' | '\n')).collect();
            let engine = GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new());
            engine.decode(joined).map_err(|_| SamlFault::Encoding {
                expected: "the token in standard base64 with padding (in a form, `+` must be written as %2B)",
            })
        }
        Encoding::Url => {
            let engine = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
            engine.decode(text).map_err(|_| SamlFault::Encoding {
                expected: "the assertion in base64url, in one piece (RFC 7522 section 2.1)",
            })
        }
    }?;
    match decoded.len() {
        len if len > ENCODED_MOST => Err(SamlFault::Long { len }),
        _ => String::from_utf8(decoded).map_err(|_| SamlFault::Characters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grant_has_its_base64() {
        let standard = |text: &str| decode(Encoding::Standard, text).ok();
        let url = |text: &str| decode(Encoding::Url, text).ok();
        assert_eq!(standard("PGE+Pz8/PC9hPg==").as_deref(), Some("<a>???</a>"));
        assert_eq!(standard("PGE+Pz8/\r\nPC9hPg==\n").as_deref(), Some("<a>???</a>"));
        assert_eq!(url("PGE-Pz8_PC9hPg").as_deref(), Some("<a>???</a>"));
        assert_eq!(url("PGE-Pz8_PC9hPg==").as_deref(), Some("<a>???</a>"));
        for bad in [
            "PGE-Pz8_PC9hPg==",
            "PGE Pz8/PC9hPg==",
            "PGE+Pz8/PC9hPg",
            "PGE+Pz8/PC9hPh==",
            "====",
            "a",
        ] {
            assert_eq!(standard(bad), None, "{bad}");
        }
        for bad in ["PGE+Pz8/PC9hPg==", "PGE-\nPz8_PC9hPg", "PGE-Pz8_PC9hPh", "a"] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_text_up_to_a_bound_is_decoded() {
        let of = |len: usize| decode(Encoding::Url, &crate::base64url::encode(&vec![b'a'; len])).map(|text| text.len());
        assert_eq!(of(ENCODED_MOST), Ok(ENCODED_MOST));
        assert_eq!(of(ENCODED_MOST + 1), Err(SamlFault::Long { len: ENCODED_MOST + 1 }));
        assert!(matches!(of(1 << 20), Err(SamlFault::Long { .. })));
        assert_eq!(
            decode(Encoding::Url, &crate::base64url::encode(&[0xff])),
            Err(SamlFault::Characters)
        );
    }
}
