//! Values of headers that a route sets, in Envoy's notation: `%COMMAND(argument)%`, `%%` for a percent sign.

/// Why a value is not in Envoy's notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderValueError {
    #[error("has control characters")]
    ControlCharacters,
    #[error("has a `%` that starts no command; write `%%` for a percent sign")]
    LonePercent,
    #[error("has a command that does not end with `%`")]
    Unfinished,
    #[error("has a command with malformed arguments")]
    Arguments,
}

/// Where in a value we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Literal,
    Command,
    /// Behind `(`.
    Arguments,
    /// In `[…]`, before a string.
    BeforeString,
    InString,
    /// In `[…]`, behind a string.
    AfterString,
    /// Behind `]`.
    AfterArray,
    /// Behind `)`.
    AfterArguments,
}

/// Checks a header's value as the webhook does; a port of Envoy's own reader from before its commands were
/// typed.
pub(super) fn check(value: &str) -> Result<(), HeaderValueError> {
    if value.bytes().any(|b| b == 0x7f || (b < 0x20 && b != b'\t')) {
        return Err(HeaderValueError::ControlCharacters);
    }
    let mut state = State::Literal;
    let mut chars = value.bytes().peekable();
    while let Some(b) = chars.next() {
        state = match state {
            State::Literal if b != b'%' => State::Literal,
            State::Literal => match chars.peek() {
                None => return Err(HeaderValueError::LonePercent),
                Some(b'%') => {
                    chars.next();
                    State::Literal
                }
                Some(_) => State::Command,
            },
            State::InString if b == b'\\' => {
                chars.next().ok_or(HeaderValueError::Unfinished)?;
                State::InString
            }
            other => next(other, b)?,
        };
    }
    if state == State::Literal { Ok(()) } else { Err(HeaderValueError::Unfinished) }
}

fn next(state: State, b: u8) -> Result<State, HeaderValueError> {
    Ok(match (state, b) {
        (State::Command | State::AfterArguments, b'%') => State::Literal,
        (State::Command, b'(') => State::Arguments,
        (State::Arguments, b'[') => State::BeforeString,
        (State::BeforeString, b'"') => State::InString,
        (State::InString, b')') | (State::AfterArray, b')') => State::AfterArguments,
        (State::InString, b'"') => State::AfterString,
        (State::AfterString, b',') => State::BeforeString,
        (State::AfterString, b']') => State::AfterArray,
        (State::Command | State::InString, _) => state,
        (_, b' ') => state,
        // Anything but a list is one plain argument.
        (State::Arguments, _) => State::InString,
        _ => return Err(HeaderValueError::Arguments),
    })
}

#[cfg(test)]
mod tests {
    use super::{HeaderValueError, check};

    #[test]
    fn commands_have_both_percent_signs() {
        for good in ["", "foo", "%HOSTNAME%", "100%%", "a %REQ(x-y)% b", r#"%UPSTREAM_METADATA(["a", "b"])%"#]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(check("50%"), Err(HeaderValueError::LonePercent));
        assert_eq!(check("abc%123"), Err(HeaderValueError::Unfinished));
        assert_eq!(check("%START_TIME%%"), Err(HeaderValueError::LonePercent));
        assert_eq!(check(r#"%M(["a" "b"])%"#), Err(HeaderValueError::Arguments));
        assert_eq!(check("a\nb"), Err(HeaderValueError::ControlCharacters));
    }
}
