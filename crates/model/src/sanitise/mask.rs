//! The deny list: names of attributes and keys whose values are never stored.

use smallvec::SmallVec;

/// Names whose presence in a key, as whole segments, masks its value. Segments end at `.`, `_`, `-` and where a capital
/// follows a small letter; case does not matter: `api-key` matches `http.request.header.x-api-key`, `API_KEY`, `apiKey`.
#[derive(Clone, Debug)]
pub struct MaskList {
    /// Lower-case segments of each name.
    names: Vec<Vec<String>>,
    /// By first letter, a bit for length and last letter of each name's first segment: rules out nearly every key at once.
    shapes: [u64; 256],
}

/// What is denied unless an operator says otherwise.
const DEFAULT: [&str; 32] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "accesstoken",
    "authtoken",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "apikey",
    "api-key",
    "accesskey",
    "access-key",
    "privatekey",
    "private-key",
    "sessionid",
    "jsessionid",
    "phpsessid",
    "jwt",
    "bearer",
    "otp",
    "creditcard",
    "credit-card",
    "cardnumber",
    "card-number",
    "cvv",
    "ssn",
];

impl Default for MaskList {
    fn default() -> MaskList {
        MaskList::new(DEFAULT)
    }
}

impl MaskList {
    /// A list of names; empty ones are left out.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> MaskList {
        let names: Vec<Vec<String>> = names
            .into_iter()
            .map(|name| segments(name).map(str::to_ascii_lowercase).collect())
            .filter(|segments: &Vec<String>| !segments.is_empty())
            .collect();
        let mut shapes = [0; 256];
        for name in &names {
            let (first, bit) = shape(name[0].as_bytes());
            shapes[first] |= bit;
        }
        MaskList { names, shapes }
    }

    /// The default list and an operator's own names.
    pub fn default_and<'n>(names: impl IntoIterator<Item = &'n str>) -> MaskList {
        MaskList::new(DEFAULT.into_iter().chain(names))
    }

    /// Whether the value of this key is to be masked.
    pub fn matches(&self, key: &str) -> bool {
        if !self.may_match(key.as_bytes()) {
            return false;
        }
        let segments: SmallVec<[&str; 16]> = segments(key).collect();
        (0..segments.len())
            .any(|from| self.names.iter().any(|name| begins_with(&segments[from..], name)))
    }

    /// Whether a segment is the first of a denied name: one look at each byte, for every attribute.
    fn may_match(&self, key: &[u8]) -> bool {
        let mut start = 0;
        let mut before = b'.';
        for (at, &byte) in key.iter().enumerate() {
            if is_separator(byte) || is_hump(before, byte) {
                if self.begins_name(&key[start..at]) {
                    return true;
                }
                start = at + usize::from(is_separator(byte));
            }
            before = byte;
        }
        self.begins_name(&key[start..])
    }

    fn begins_name(&self, segment: &[u8]) -> bool {
        if segment.is_empty() {
            return false;
        }
        let (first, bit) = shape(segment);
        self.shapes[first] & bit != 0
            && self.names.iter().any(|name| name[0].as_bytes().eq_ignore_ascii_case(segment))
    }
}

fn begins_with(segments: &[&str], name: &[String]) -> bool {
    segments.len() >= name.len()
        && segments.iter().zip(name).all(|(segment, name)| segment.eq_ignore_ascii_case(name))
}

/// The first letter and a bit for length and last letter of a segment that is not empty; case does not matter.
fn shape(segment: &[u8]) -> (usize, u64) {
    let last = segment[segment.len() - 1].to_ascii_lowercase();
    (
        usize::from(segment[0].to_ascii_lowercase()),
        1 << ((segment.len() * 5 + usize::from(last)) & 63),
    )
}

/// The segments of a key, none of them empty.
fn segments(key: &str) -> impl Iterator<Item = &str> {
    let mut rest = key;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '_', '-']);
        if rest.is_empty() {
            return None;
        }
        let (segment, after) = rest.split_at(segment_end(rest.as_bytes()));
        rest = after;
        Some(segment)
    })
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-')
}

/// A capital behind a small letter: the `iK` of `apiKey`.
fn is_hump(before: u8, byte: u8) -> bool {
    before.is_ascii_lowercase() && byte.is_ascii_uppercase()
}

fn segment_end(bytes: &[u8]) -> usize {
    let ends = |pair: &[u8]| is_separator(pair[1]) || is_hump(pair[0], pair[1]);
    bytes.windows(2).position(ends).map_or(bytes.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::{NODEJS, PYTHON, attributes};

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let list = MaskList::default();
        for key in [
            "password",
            "DB_PASSWORD",
            "user.passwd",
            "http.request.header.authorization",
            "http.response.header.set-cookie",
            "http.request.header.x-api-key",
            "x.apiKey",
            "refreshToken",
            "card_number",
        ] {
            assert!(list.matches(key), "{key}");
        }
    }

    #[test]
    fn a_part_of_a_word_is_no_match() {
        let list = MaskList::default();
        for key in [
            "gen_ai.usage.input_tokens",
            "tokenizer",
            "secretary",
            "api.keyboard",
            "card",
            "",
            "._-",
        ] {
            assert!(!list.matches(key), "{key}");
        }
    }

    #[test]
    fn an_operator_adds_names() {
        let list = MaskList::default_and(["customer-name", ""]);
        assert!(list.matches("app.customerName") && list.matches("app.token"));
        assert!(!MaskList::new(["customer"]).matches("password"));
    }

    #[test]
    fn nothing_that_agents_send_by_themselves_is_masked() {
        let list = MaskList::default();
        for line in
            PYTHON.spans().chain(NODEJS.spans()).chain(PYTHON.resources()).chain(NODEJS.resources())
        {
            for (key, _) in attributes(line).iter() {
                assert!(!list.matches(key), "{key}");
            }
        }
    }
}
