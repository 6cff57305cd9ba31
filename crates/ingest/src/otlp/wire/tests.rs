use proptest::prelude::*;

use super::*;

fn check(bytes: &[u8], expected: Result<&[(u32, Raw<'_>)], Problem>) {
    let found: Result<Vec<_>, WireError> = Fields::new(bytes, "Test")
        .map(|entry| entry.map(|entry| (entry.number, entry.raw)))
        .collect();
    let found = found.map_err(|error| error.problem);
    assert_eq!(found.as_deref(), expected.as_ref().map(|list| *list), "{bytes:x?}");
}

#[test]
fn each_wire_type_is_read() {
    check(&[], Ok(&[]));
    check(&[0x08, 0x96, 0x01], Ok(&[(1, Raw::Varint(150))]));
    check(
        &[0x12, 2, b'h', b'i', 0x1d, 1, 0, 0, 0],
        Ok(&[(2, Raw::Bytes(b"hi")), (3, Raw::Fixed32(1))]),
    );
    check(&[0x09, 2, 0, 0, 0, 0, 0, 0, 0], Ok(&[(1, Raw::Fixed64(2))]));
    let minus_one = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    check(&minus_one, Ok(&[(1, Raw::Varint(u64::MAX))]));
}

#[test]
fn a_padded_varint_is_still_a_number() {
    check(&[0x0a, 0x81, 0x80, 0x00, b'x'], Ok(&[(1, Raw::Bytes(b"x"))]));
}

#[test]
fn damaged_bytes_are_named_for_what_is_wrong() {
    check(&[0x08], Err(Problem::Truncated));
    check(&[0x80], Err(Problem::Truncated));
    check(&[0x0d, 1, 2, 3], Err(Problem::Truncated));
    check(&[0x12, 5, b'h', b'i'], Err(Problem::LyingLength(5)));
    let huge = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    check(&huge, Err(Problem::LyingLength(u64::MAX)));
    check(&[0x00, 1], Err(Problem::BadFieldNumber(0)));
    check(&[0x0e], Err(Problem::BadWireType(6)));
    check(
        &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        Err(Problem::OverlongVarint),
    );
    check(
        &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
        Err(Problem::OverlongVarint),
    );
}

#[test]
fn groups_are_skipped_when_closed_and_refused_otherwise() {
    check(&[0x0b, 0x10, 7, 0x0c, 0x18, 1], Ok(&[(1, Raw::Group), (3, Raw::Varint(1))]));
    check(&[0x0b, 0x13, 0x14, 0x0c], Ok(&[(1, Raw::Group)]));
    check(&[0x0b, 0x10, 7], Err(Problem::BadGroup));
    check(&[0x0b, 0x14], Err(Problem::BadGroup));
    check(&[0x0c], Err(Problem::BadGroup));
    check(&[0x0b; 40], Err(Problem::BadGroup));
}

#[test]
fn an_error_says_message_field_and_place() {
    let error = Fields::new(&[0x08, 1, 0x2a, 9], "Span").last().expect("two fields").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Span.name (field 5): a length of 9 bytes reaches beyond the end of the message (byte 2 of the message)"
    );
}

#[test]
fn repeated_numbers_read_alike_packed_single_and_mixed() {
    let mut bytes = vec![0x32, 16];
    bytes.extend([1u64, 2].iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend([0x08, 1, 0x31]);
    bytes.extend(3u64.to_le_bytes());
    let mut numbers = Fixed64s::default();
    for entry in Fields::new(&bytes, "Test").map(Result::unwrap).filter(|entry| entry.number == 6) {
        numbers.note(&bytes, &entry).unwrap();
    }
    assert_eq!((numbers.len(), numbers.iter().collect::<Vec<_>>()), (3, vec![1, 2, 3]));

    let bytes = [0x12, 3, 1, 0x80, 1, 0x10, 5];
    let mut numbers = Varints::default();
    for entry in Fields::new(&bytes, "Test").map(Result::unwrap) {
        numbers.note(&bytes, &entry).unwrap();
    }
    assert_eq!(numbers.iter().collect::<Vec<_>>(), vec![1, 128, 5]);
}

proptest! {
    #[test]
    fn any_bytes_end_or_are_refused_and_what_was_read_adds_up(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut read = 0;
        for entry in Fields::new(&bytes, "Test") {
            match entry {
                Ok(entry) => read += entry.whole.len(),
                Err(error) => {
                    prop_assert!(error.at >= read && error.at <= bytes.len());
                    return Ok(());
                }
            }
        }
        prop_assert_eq!(read, bytes.len());
    }
}

proptest! {
    #[test]
    fn a_run_of_fields_is_read_as_one_after_the_other(
        fields in prop::collection::vec((prop_oneof![4 => Just(9u32), 1 => 1u32..40], 0usize..300), 0..20),
        wanted in prop_oneof![4 => Just(9u32), 1 => 1u32..40],
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        for (at, (field, length)) in fields.iter().enumerate() {
            write::bytes(&mut bytes, *field, &vec![at as u8; *length]);
        }
        for whole in [&bytes[..], &bytes[..cut.index(bytes.len() + 1)]] {
            let read = |by_run: bool| {
                let mut found = Repeated::default();
                let mut fields = Fields::new(whole, "Test");
                while let Some(entry) = fields.next() {
                    let entry = entry?;
                    match entry.number == wanted {
                        true if by_run => found.note_run(&entry, &mut fields)?,
                        true => found.note(whole, &entry)?,
                        false => {}
                    }
                }
                Ok::<_, WireError>((found.len(), found.iter().collect::<Vec<_>>()))
            };
            let one_by_one = read(false);
            prop_assert_eq!(&read(true), &one_by_one);
            if let Ok((count, found)) = one_by_one {
                prop_assert_eq!(count, found.len());
                let sent = fields.iter().enumerate().filter(|(_, (field, _))| *field == wanted);
                if whole.len() == bytes.len() {
                    prop_assert_eq!(found, sent.map(|(at, (_, length))| vec![at as u8; *length]).collect::<Vec<_>>());
                }
            }
        }
    }
}
