//! URLs: credentials go, keys of the query stay and their values become `?`.

use std::borrow::Cow;

use super::edit::Edit;
use super::{LITERAL, MASKED};

/// A URL or request target without credentials and values.
pub fn url(text: &str) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    let path = authority(&mut edit, text);
    let end = text[path..].find(['?', '#']).map_or(text.len(), |length| path + length);
    matrix_parameters(&mut edit, text, path, end);
    let fragment = text[end..].find('#').map_or(text.len(), |length| end + length);
    if end < fragment {
        pairs(&mut edit, text, end + 1, fragment);
    }
    // Tokens travel in fragments as well (`#access_token=…`).
    if text[fragment..].contains('=') {
        pairs(&mut edit, text, fragment + 1, text.len());
    }
    edit.finish()
}

/// A query without its values, with or without a question mark before it.
pub fn query(text: &str) -> Cow<'_, str> {
    let mut edit = Edit::new(text);
    // A question mark alone stands for a value.
    let start = usize::from(text.len() > 1 && text.starts_with('?'));
    pairs(&mut edit, text, start, text.len());
    edit.finish()
}

/// Takes the credentials out and gives back where the authority ends.
fn authority(edit: &mut Edit<'_>, text: &str) -> usize {
    let Some(start) = text.find("//").map(|at| at + 2) else { return 0 };
    let before = &text[..start - 2];
    if !(before.is_empty() || before.ends_with(':') && !before.contains(['/', '?', '#'])) {
        return 0;
    }
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |length| start + length);
    if let Some(at) = text[start..end].rfind('@') {
        edit.replace(start..start + at + 1, "");
    }
    end
}

/// `;jsessionid=…` within a path, where a question mark would begin the query.
fn matrix_parameters(edit: &mut Edit<'_>, text: &str, start: usize, end: usize) {
    let mut at = start;
    while let Some(semicolon) = text[at..end].find(';') {
        let from = at + semicolon + 1;
        let to = text[from..end].find([';', '/']).map_or(end, |length| from + length);
        if let Some(equals) = text[from..to].find('=')
            && from + equals + 1 < to
        {
            edit.replace(from + equals + 1..to, MASKED);
        }
        at = to;
    }
}

/// Masks the values of `key=value&key=value`; what has no key is a value.
pub(super) fn pairs(edit: &mut Edit<'_>, text: &str, start: usize, end: usize) {
    let mut at = start;
    loop {
        let to = text[at..end].find(['&', ';']).map_or(end, |length| at + length);
        let from = text[at..to].find('=').map_or(at, |equals| at + equals + 1);
        value(edit, from, to);
        if to == end {
            return;
        }
        at = to + 1;
    }
}

fn value(edit: &mut Edit<'_>, from: usize, to: usize) {
    if from < to {
        edit.replace(from..to, LITERAL);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(url(text), expected);
    }

    #[test]
    fn values_and_credentials_go() {
        check(
            "https://ann:hunter2@shop/a?card=4711&x=&y=1#top",
            "https://shop/a?card=?&x=&y=?#top",
        );
        check("https://ann@hunter2@shop", "https://shop");
        check("/order/1?token=hunter2;b=2", "/order/1?token=?;b=?");
        check("/login;jsessionid=5AC6/x?hunter2", "/login;jsessionid=***/x??");
        check("https://shop/#access_token=hunter2&t=1", "https://shop/#access_token=?&t=?");
        check("amqp://guest:guest@127.0.0.1:5672/", "amqp://127.0.0.1:5672/");
        check("/redirect?to=https://ann:hunter2@shop/", "/redirect?to=?");
        assert_eq!(query("a=1&b=2&hunter2"), "a=?&b=?&?");
    }

    #[test]
    fn a_url_without_secrets_is_not_copied() {
        for plain in
            ["http://127.0.0.1:7102/stock/3", "/users/ann@example", "/a?b=?&c", "", "/a?", "*"]
        {
            let expected = plain.replace("&c", "&?");
            check(plain, &expected);
        }
        assert!(matches!(url("http://127.0.0.1:7102/stock/3"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn a_url_stays_what_it_is(text in "(https?:)?([/@?#&;=:a1]|\\PC){0,30}") {
            let once = url(&text).into_owned();
            prop_assert_eq!(url(&once).into_owned(), once);
            let once = query(&text).into_owned();
            prop_assert_eq!(query(&once).into_owned(), once);
        }
    }
}
