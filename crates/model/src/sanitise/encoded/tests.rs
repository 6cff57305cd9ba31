//! Lists and maps, encoded as agents send them.

use proptest::prelude::*;

use super::*;

fn string(text: &str) -> Vec<u8> {
    delimited(STRING, text.as_bytes())
}

fn array(items: &[Vec<u8>]) -> Vec<u8> {
    delimited(ARRAY, &items.iter().flat_map(|item| delimited(ITEM, item)).collect::<Vec<u8>>())
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pair = |(key, value): &(&str, Vec<u8>)| {
        delimited(ITEM, &[delimited(KEY, key.as_bytes()), delimited(VALUE, value)].concat())
    };
    delimited(MAP, &pairs.iter().flat_map(pair).collect::<Vec<u8>>())
}

/// An integer: field 3, a varint.
fn int(value: u8) -> Vec<u8> {
    vec![3 << 3, value]
}

#[test]
fn arguments_of_a_process_go() {
    let sent = array(&["/usr/bin/node", "app.js", "--key=hunter2", "-v"].map(string));
    let stored = array(&["/usr/bin/node", "?", "--key=?", "-v"].map(string));
    assert_eq!(arguments(&sent), Some(stored.clone()));
    assert_eq!(arguments(&stored), None);
    assert_eq!(arguments(&string("/usr/bin/node")), None);
}

#[test]
fn what_lies_under_a_denied_key_is_masked_however_deep() {
    let body = |secret: Vec<u8>| {
        map(&[
            ("user", string("ann")),
            ("n", int(5)),
            ("list", array(&[map(&[("db.password", secret)]), string("x")])),
        ])
    };
    let list = MaskList::default();
    let stored = body(string(MASKED));
    assert_eq!(masked(&body(string("hunter2")), &list), Some(stored.clone()));
    assert_eq!(masked(&body(map(&[("a", string("hunter2"))])), &list), Some(stored.clone()));
    assert_eq!(masked(&body(int(7)), &list), Some(stored.clone()));
    assert_eq!(masked(&stored, &list), None);
}

#[test]
fn strings_within_are_read_as_text() {
    let list = MaskList::default();
    let sent = array(&[string("password=hunter2")]);
    assert_eq!(masked(&sent, &list), Some(array(&[string("password=***")])));
    assert_eq!(masked(&array(&[string("plain"), int(1)]), &list), None);
}

#[test]
fn what_is_too_deep_or_damaged_is_masked() {
    let deep = (0..40).fold(string("hunter2"), |inside, _| array(&[inside]));
    let stored = masked(&deep, &MaskList::default()).unwrap();
    assert!(!stored.windows(7).any(|window| window == b"hunter2"));
    assert_eq!(masked(&[0x0a, 0x7f, b'x'], &MaskList::default()), Some(string(MASKED)));
}

proptest! {
    #[test]
    fn any_bytes_come_to_an_end(bytes in prop::collection::vec(prop::num::u8::ANY, 0..60)) {
        let list = MaskList::default();
        let _ = arguments(&bytes);
        if let Some(once) = masked(&bytes, &list) {
            prop_assert!(masked(&once, &list).is_none_or(|twice| twice == once));
        }
    }
}
