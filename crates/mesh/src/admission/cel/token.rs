//! The words of CEL.

use std::fmt;

use super::CelError;

/// Signs, the longer ones first.
const SIGNS: [&str; 25] = [
    "||", "&&", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}", "in",
];

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name.
    Name(&'t str),
    /// A number.
    Number,
    /// Another literal: a string, bytes, `true`, `false` or `null`.
    Literal,
    /// An operator, a bracket or other punctuation; `in`.
    Sign(&'t str),
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Token::Name(text) | Token::Sign(text) => text,
            Token::Number => "a number",
            Token::Literal => "a literal",
        })
    }
}

/// All words of a text. Blanks and comments are between them.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, CelError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']);
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (token, after) = if let Some(after) = string(rest)? {
            (Token::Literal, after)
        } else if first.is_ascii_digit()
            || first == '.' && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
        {
            let negative = tokens.last() == Some(&Token::Sign("-"));
            (Token::Number, number(rest, negative)?)
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (word, after) = split_while(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            (self::word(word), after)
        } else {
            sign(rest).ok_or_else(|| CelError::Unexpected(first.to_string()))?
        };
        tokens.push(token);
        rest = after;
    }
}

fn word(word: &str) -> Token<'_> {
    match word {
        "in" => Token::Sign("in"),
        "true" | "false" | "null" => Token::Literal,
        name => Token::Name(name),
    }
}

fn sign(text: &str) -> Option<(Token<'static>, &str)> {
    SIGNS.iter().find_map(|sign| Some((Token::Sign(sign), text.strip_prefix(sign)?)))
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Reads a number and gives what follows it.
fn number(text: &str, negative: bool) -> Result<&str, CelError> {
    let too_large = |number: &str| CelError::Number(number.to_owned());
    if let Some(hex) = text.strip_prefix("0x") {
        let (digits, after) = split_while(hex, |c| c.is_ascii_hexdigit());
        if !digits.is_empty() {
            let value = u64::from_str_radix(digits, 16).map_err(|_| too_large(digits))?;
            return integer(value, after, negative).ok_or_else(|| too_large(digits));
        }
    }
    let (whole, after) = split_while(text, |c| c.is_ascii_digit());
    let after_fraction = after.strip_prefix('.').map(|after| split_while(after, |c| c.is_ascii_digit()));
    let (has_fraction, after) = match after_fraction {
        Some((digits, after)) if !digits.is_empty() => (true, after),
        _ => (false, after),
    };
    match exponent(after) {
        Some(after) => Ok(after),
        None if has_fraction => Ok(after),
        None => {
            let value = whole.parse().map_err(|_| too_large(whole))?;
            integer(value, after, negative).ok_or_else(|| too_large(whole))
        }
    }
}

/// What follows an integer, if the integer is in its range: 64 bits, signed unless a `u` follows.
fn integer(value: u64, after: &str, negative: bool) -> Option<&str> {
    if let Some(after) = after.strip_prefix(['u', 'U']) {
        return Some(after);
    }
    (value <= i64::MAX.unsigned_abs() + u64::from(negative)).then_some(after)
}

/// What follows an exponent, if there is one.
fn exponent(text: &str) -> Option<&str> {
    let text = text.strip_prefix(['e', 'E'])?;
    let (digits, after) = split_while(text.strip_prefix(['+', '-']).unwrap_or(text), |c| c.is_ascii_digit());
    (!digits.is_empty()).then_some(after)
}

/// Reads a string or bytes and gives what follows it; none if the text does not start with one.
fn string(text: &str) -> Result<Option<&str>, CelError> {
    let (prefix, quoted) = split_while(text, |c| c.is_ascii_alphabetic());
    let raw = match prefix.to_ascii_lowercase().as_str() {
        "" | "b" => false,
        "r" | "br" | "rb" => true,
        _ => return Ok(None),
    };
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| quoted.starts_with(quote));
    let Some(quote) = quote else { return Ok(None) };
    let mut rest = quoted.strip_prefix(quote).unwrap_or_default();
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            return Ok(Some(after));
        }
        let mut chars = rest.chars();
        match chars.next() {
            None => return Err(CelError::Text),
            Some('\n' | '\r') if quote.len() == 1 => return Err(CelError::Text),
            Some('\\') if !raw => rest = escape(chars.as_str()).ok_or(CelError::Text)?,
            Some(_) => rest = chars.as_str(),
        }
    }
}

/// What follows an escape, after its backslash.
fn escape(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let digits = match chars.next()? {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`' => {
            return Some(chars.as_str());
        }
        'x' | 'X' => 2,
        'u' => 4,
        'U' => 8,
        '0'..='3' => {
            let octal = (0..2).all(|_| chars.next().is_some_and(|c| c.is_digit(8)));
            return octal.then_some(chars.as_str());
        }
        _ => return None,
    };
    let hex = (0..digits).all(|_| chars.next().is_some_and(|c| c.is_ascii_hexdigit()));
    hex.then_some(chars.as_str())
}
