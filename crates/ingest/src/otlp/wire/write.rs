//! Writing protobuf, for what we say ourselves: converted JSON, responses, record containers.

pub use model::varint::put as varint;

/// How many bytes a varint takes.
pub fn varint_len(number: u64) -> usize {
    (u64::BITS - number.leading_zeros()).div_ceil(7).max(1) as usize
}

/// Appends a varint field.
pub fn number(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field) << 3);
    varint(out, number);
}

/// Appends a `fixed64`, `sfixed64` or (as its bits) `double` field.
pub fn fixed64(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field) << 3 | 1);
    out.extend_from_slice(&number.to_le_bytes());
}

/// Appends a `fixed32` field.
pub fn fixed32(out: &mut Vec<u8>, field: u32, number: u32) {
    varint(out, u64::from(field) << 3 | 5);
    out.extend_from_slice(&number.to_le_bytes());
}

/// Appends a string, bytes or message field.
pub fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint(out, u64::from(field) << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Appends a field whose length is not known yet, written by `content`.
pub fn nested<R>(out: &mut Vec<u8>, field: u32, content: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let at = open(out, field);
    let result = content(out);
    close(out, at);
    result
}

/// Begins a field whose length is not known yet; gives what [`close`] needs.
pub fn open(out: &mut Vec<u8>, field: u32) -> usize {
    varint(out, u64::from(field) << 3 | 2);
    out.push(0);
    out.len() - 1
}

/// Ends a field that [`open`] began.
pub fn close(out: &mut Vec<u8>, at: usize) {
    let length = out.len() - at - 1;
    // One byte was kept, which is enough for most: attributes and values are short.
    if length < 0x80 {
        out[at] = length as u8;
        return;
    }
    let mut prefix = Vec::with_capacity(5);
    varint(&mut prefix, length as u64);
    out.splice(at..=at, prefix);
}
