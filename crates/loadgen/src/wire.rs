//! Just enough protobuf: append fields to a buffer, walk the fields of a message. Used to build body templates and
//! to read the two small answers a sender must understand (partial success, retry hints). It knows no schema.

use anyhow::{Context, Result, bail};

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_number(out: &mut Vec<u8>, field: u32, value: u64) {
    put_varint(out, u64::from(field) << 3);
    put_varint(out, value);
}

/// Key and length; the caller appends the `length` bytes.
pub(crate) fn put_header(out: &mut Vec<u8>, field: u32, length: usize) {
    put_varint(out, u64::from(field) << 3 | 2);
    put_varint(out, length as u64);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_header(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

pub(crate) fn put_fixed64(out: &mut Vec<u8>, field: u32, value: u64) {
    put_varint(out, u64::from(field) << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    put_varint(out, u64::from(field) << 3 | 5);
    out.extend_from_slice(&value.to_le_bytes());
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// All fields of a message in order.
pub(crate) fn fields(message: &[u8]) -> Result<Vec<(u32, Field<'_>)>> {
    Ok(places(message)?.into_iter().map(|(field, value, _)| (field, value)).collect())
}

/// The same, each with where its value begins: of bytes the first, of a number of constant width its lowest.
pub(crate) fn places(message: &[u8]) -> Result<Vec<(u32, Field<'_>, usize)>> {
    let whole = message.len();
    let mut message = message;
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = take_varint(&mut message)?;
        let mut place = whole - message.len();
        let value = match key & 7 {
            0 => Field::Number(take_varint(&mut message)?),
            1 => Field::Number(u64::from_le_bytes(
                take(&mut message, 8)?.try_into().expect("took eight bytes"),
            )),
            2 => {
                let length = take_varint(&mut message)?;
                place = whole - message.len();
                Field::Bytes(take(
                    &mut message,
                    usize::try_from(length).context("length over the address space")?,
                )?)
            }
            5 => Field::Number(
                u32::from_le_bytes(take(&mut message, 4)?.try_into().expect("took four bytes"))
                    .into(),
            ),
            other => bail!("unknown wire type {other}"),
        };
        found.push(((key >> 3) as u32, value, place));
    }
    Ok(found)
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (head, tail) = message.split_at_checked(length).context("message ends inside a field")?;
    *message = tail;
    Ok(head)
}

fn take_varint(message: &mut &[u8]) -> Result<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(message, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("varint longer than ten bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_read_back() {
        let mut message = Vec::new();
        put_number(&mut message, 1, 300);
        put_bytes(&mut message, 16, b"abc");
        put_fixed64(&mut message, 3, u64::MAX);
        put_fixed32(&mut message, 4, 7);
        let expected = vec![
            (1, Field::Number(300)),
            (16, Field::Bytes(b"abc")),
            (3, Field::Number(u64::MAX)),
            (4, Field::Number(7)),
        ];
        assert_eq!(fields(&message).unwrap(), expected);
        let places = places(&message).unwrap();
        assert_eq!(&message[places[1].2..][..3], b"abc");
        assert_eq!(message[places[2].2..][..8], [0xff; 8]);
        assert_eq!(message[places[3].2], 7);
    }

    #[test]
    fn a_cut_message_is_an_error_wherever_it_is_cut() {
        let mut message = Vec::new();
        put_bytes(&mut message, 1, b"abcdef");
        assert!((1..message.len()).all(|end| fields(&message[..end]).is_err()));
    }
}
