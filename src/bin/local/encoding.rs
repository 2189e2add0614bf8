//! The encoding of a text file: UTF-8, with or without a byte-order mark.

/// Why bytes are not read as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodingError {
    /// PowerShell 5 writes it unless it is asked for another encoding.
    #[error("the file is UTF-16: save it as UTF-8")]
    Utf16,
    #[error("the file is not UTF-8 text: save it as UTF-8")]
    NotText,
}

/// The bytes without a byte-order mark, which is no part of the text. Other bytes stay as they are.
pub(crate) fn without_mark(bytes: &[u8]) -> Result<&[u8], EncodingError> {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(EncodingError::Utf16),
        // In UTF-16 one of the first character's two bytes is zero; JSON and headers have no zero byte.
        [0, second, ..] if *second != 0 => Err(EncodingError::Utf16),
        [first, 0, ..] if *first != 0 => Err(EncodingError::Utf16),
        _ => Ok(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)),
    }
}

/// The text of a file.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, EncodingError> {
    std::str::from_utf8(without_mark(bytes)?).map_err(|_| EncodingError::NotText)
}
