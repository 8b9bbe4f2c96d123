//! Basic authentication of a request against one server's credentials (B2.7).
//! Decides only; the answer is made elsewhere.

use crate::config::Credentials;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};
use subtle::{Choice, ConstantTimeEq};

/// In front of a stored password that is a digest (B2.7.8).
const SHA_MARK: &str = "{SHA}";

/// Padding is judged before, as Python does, so bits that it would hide are let be.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// What became of a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Let in.
    Pass,
    /// 401: none, wrong, or of another scheme.
    Refused,
    /// 400: not readable at all.
    Malformed,
}

/// Judges the `Authorization` header of a request to a server that lets
/// `wanted` in, or everybody.
pub(super) fn check(wanted: Option<&Credentials>, header: Option<&[u8]>) -> Verdict {
    let Some(wanted) = wanted else { return Verdict::Pass };
    let Some(token) = header.and_then(basic_token) else { return Verdict::Refused };
    let Some(decoded) = decode_leniently(token) else { return Verdict::Malformed };
    let Ok(text) = String::from_utf8(decoded) else { return Verdict::Malformed };
    let Some((username, password)) = text.split_once(':') else { return Verdict::Refused };
    if bool::from(matches(wanted, username, password)) { Verdict::Pass } else { Verdict::Refused }
}

/// Takes the same time wherever the texts begin to differ, and however long the
/// right ones are (B2.7.9).
fn matches(wanted: &Credentials, username: &str, password: &str) -> Choice {
    let password_fits = match wanted.password.strip_prefix(SHA_MARK) {
        Some(hex) => are_equal(&sha1_hex(password), &hex.to_ascii_lowercase()),
        None => are_equal(password, &wanted.password),
    };
    are_equal(username, &wanted.username) & password_fits
}

/// Compares digests, which are all of one length.
fn are_equal(given: &str, wanted: &str) -> Choice {
    Sha1::digest(given).as_slice().ct_eq(Sha1::digest(wanted).as_slice())
}

fn sha1_hex(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The token behind `Basic`, in any case; `None` for another scheme or no token.
fn basic_token(header: &[u8]) -> Option<&[u8]> {
    let header = header.trim_ascii();
    let cut = header.iter().position(|byte| *byte == b' ')?;
    let (scheme, token) = header.split_at_checked(cut)?;
    scheme.eq_ignore_ascii_case(b"basic").then(|| token.trim_ascii_start())
}

/// Base64 as Python reads it: foreign characters are skipped, everything behind
/// full padding is ignored, missing padding is an error (B2.7.7).
fn decode_leniently(token: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(token.len());
    let mut pads = 0;
    for byte in token {
        match byte {
            b'=' if digits.len() % 4 >= 2 => {
                pads += 1;
                if digits.len() % 4 + pads >= 4 {
                    return LENIENT.decode(digits).ok();
                }
            }
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') => {
                pads = 0;
                digits.push(*byte);
            }
            _ => {}
        }
    }
    (digits.len() % 4 == 0).then(|| LENIENT.decode(digits).ok())?
}

#[cfg(test)]
mod tests {
    use super::{Verdict, check};
    use crate::config::Credentials;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    fn judge(password: &str, header: &str) -> Verdict {
        let wanted = Credentials { username: "user".to_owned(), password: password.to_owned() };
        check(Some(&wanted), Some(header.as_bytes()))
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    /// B2.7.1
    #[test]
    fn a_server_without_credentials_lets_everybody_in() {
        assert_eq!(check(None, None), Verdict::Pass);
        assert_eq!(check(None, Some(b"Basic abc")), Verdict::Pass);
    }

    /// B2.7.4
    #[test]
    fn scheme_case_blanks_and_colons_in_passwords_are_fine() {
        for header in ["Basic dXNlcjpwYTpzcw==", "bASIC   dXNlcjpwYTpzcw==", "Basic dXNl\tcjpwYTpzcw==junk"] {
            assert_eq!(judge("pa:ss", header), Verdict::Pass, "{header}");
        }
    }

    /// B2.7.5, B2.7.7
    #[test]
    fn missing_wrong_foreign_or_colonless_credentials_are_refused() {
        for header in
            ["", "Basic", "Basic ", "Bearer dXNlcjpwYTpzcw==", &basic("user:pass"), &basic("user"), &basic("")]
        {
            assert_eq!(judge("pa:ss", header), Verdict::Refused, "{header}");
        }
        assert_eq!(judge("pa:ss", &basic("User:pa:ss")), Verdict::Refused);
        let wanted = Credentials { username: "user".to_owned(), password: "x".to_owned() };
        assert_eq!(check(Some(&wanted), None), Verdict::Refused);
    }

    /// B2.7.7
    #[test]
    fn tokens_that_are_not_base64_or_not_text_are_malformed() {
        for header in ["Basic abc", "Basic a", "Basic ab=", "Basic /zr+"] {
            assert_eq!(judge("pa:ss", header), Verdict::Malformed, "{header}");
        }
    }

    /// B2.7.8, B2.7.9
    #[test]
    fn stored_digests_match_in_either_case() {
        let digest = super::sha1_hex("pw");
        assert_eq!(judge(&format!("{{SHA}}{digest}"), &basic("user:pw")), Verdict::Pass);
        assert_eq!(judge(&format!("{{SHA}}{}", digest.to_uppercase()), &basic("user:pw")), Verdict::Pass);
        assert_eq!(judge(&digest, &basic("user:pw")), Verdict::Refused);
        assert_eq!(judge(&format!("{{SHA}}{digest}"), &basic("user:wp")), Verdict::Refused);
    }

    #[test]
    fn the_digest_is_sha1_in_hex() {
        assert_eq!(super::sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
