//! The syntax of regular expressions as Go's `regexp` takes it, which is RE2's: what the webhook accepts.
//!
//! A reader of its own, because Rust's `regex` differs in details (`a{` is a literal in RE2, `a**` is
//! refused, `\Q…\E` quotes) and because nothing here needs the expression compiled.

use std::iter::Peekable;
use std::str::Chars;

/// The longest expression that the webhook lets through to Envoy, in bytes.
const LONGEST: usize = 1024;
/// The largest repetition count of RE2.
const MAX_REPEATS: u32 = 1000;

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Re2Error {
    #[error("the regular expression is empty")]
    Empty,
    #[error("the regular expression is longer than {LONGEST} characters")]
    TooLong,
    #[error("the regular expression has an unbalanced parenthesis")]
    Parenthesis,
    #[error("the regular expression has a `[` without `]`")]
    Bracket,
    #[error("the regular expression repeats nothing: there is nothing before `{0}`")]
    NothingToRepeat(char),
    #[error("the regular expression repeats a repetition")]
    NestedRepeat,
    #[error("the regular expression has an invalid repetition count")]
    RepeatCount,
    #[error("the regular expression has the unknown escape `\\{0}`")]
    Escape(char),
    #[error("the regular expression ends with a backslash")]
    TrailingBackslash,
    #[error("the regular expression has an invalid character class or range")]
    Range,
    #[error("the regular expression has a group that RE2 does not know: look-around is not supported")]
    Group,
}

/// Checks an expression of a match or rewrite: not empty, not too long, and valid.
pub(super) fn check(expression: &str) -> Result<(), Re2Error> {
    match expression.len() {
        0 => Err(Re2Error::Empty),
        1..=LONGEST => syntax(expression),
        _ => Err(Re2Error::TooLong),
    }
}

/// Checks that an expression is valid.
pub(super) fn syntax(expression: &str) -> Result<(), Re2Error> {
    Reader { chars: expression.chars().peekable(), groups: Vec::new(), before: Before::Nothing }.read()
}

/// What stands before the next operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Atom,
    Repeat,
}

struct Reader<'r> {
    chars: Peekable<Chars<'r>>,
    /// What stood before each open group.
    groups: Vec<Before>,
    before: Before,
}

impl Reader<'_> {
    fn read(mut self) -> Result<(), Re2Error> {
        while let Some(c) = self.chars.next() {
            match c {
                '(' => self.open()?,
                ')' => {
                    self.groups.pop().ok_or(Re2Error::Parenthesis)?;
                    self.before = Before::Atom;
                }
                '|' => self.before = Before::Nothing,
                '*' | '+' | '?' => self.repeat(c)?,
                '{' => self.braces()?,
                '[' => self.class()?,
                '\\' => self.escape()?,
                _ => self.before = Before::Atom,
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err(Re2Error::Parenthesis) }
    }

    /// Behind `(`: a group, a named one, or flags.
    fn open(&mut self) -> Result<(), Re2Error> {
        if self.chars.peek() != Some(&'?') {
            self.groups.push(self.before);
            self.before = Before::Nothing;
            return Ok(());
        }
        self.chars.next();
        match self.chars.peek() {
            Some('P' | '<') => {
                if self.chars.next() == Some('P') && self.chars.next() != Some('<') {
                    return Err(Re2Error::Group);
                }
                self.name()?;
                self.groups.push(self.before);
                self.before = Before::Nothing;
                Ok(())
            }
            _ => self.flags(),
        }
    }

    fn name(&mut self) -> Result<(), Re2Error> {
        let mut length = 0;
        loop {
            match self.chars.next() {
                Some('>') if length > 0 => return Ok(()),
                Some(c) if c == '_' || c.is_alphanumeric() => length += 1,
                _ => return Err(Re2Error::Group),
            }
        }
    }

    /// `(?i-s)` or `(?i-s:`.
    fn flags(&mut self) -> Result<(), Re2Error> {
        let (mut negative, mut any) = (false, false);
        loop {
            match self.chars.next() {
                Some('i' | 'm' | 's' | 'U') => any = true,
                Some('-') if !negative => {
                    negative = true;
                    any = false;
                }
                Some(':') if any || !negative => {
                    self.groups.push(self.before);
                    self.before = Before::Nothing;
                    return Ok(());
                }
                Some(')') if any => return Ok(()),
                None => return Err(Re2Error::Parenthesis),
                _ => return Err(Re2Error::Group),
            }
        }
    }

    fn repeat(&mut self, operator: char) -> Result<(), Re2Error> {
        match self.before {
            Before::Nothing => Err(Re2Error::NothingToRepeat(operator)),
            Before::Repeat => Err(Re2Error::NestedRepeat),
            Before::Atom => {
                // A `?` behind it makes it lazy.
                self.chars.next_if_eq(&'?');
                self.before = Before::Repeat;
                Ok(())
            }
        }
    }

    /// `{2}`, `{2,}` or `{2,5}` repeats; any other brace stands for itself.
    fn braces(&mut self) -> Result<(), Re2Error> {
        let mut ahead = self.chars.clone();
        let Some((least, most)) = counts(&mut ahead) else {
            self.before = Before::Atom;
            return Ok(());
        };
        if least > MAX_REPEATS || most.is_some_and(|most| most > MAX_REPEATS || most < least) {
            return Err(Re2Error::RepeatCount);
        }
        self.chars = ahead;
        self.repeat('{')
    }

    fn escape(&mut self) -> Result<(), Re2Error> {
        if self.chars.peek() == Some(&'Q') {
            self.chars.next();
            return self.quote();
        }
        match self.chars.peek() {
            Some('A' | 'b' | 'B' | 'z') => {
                self.chars.next();
            }
            _ => {
                self.class_escape()?;
            }
        }
        self.before = Before::Atom;
        Ok(())
    }

    /// Behind `\Q`: literal up to `\E`, or the end.
    fn quote(&mut self) -> Result<(), Re2Error> {
        while let Some(c) = self.chars.next() {
            if c == '\\' && self.chars.next_if_eq(&'E').is_some() {
                return Ok(());
            }
            self.before = Before::Atom;
        }
        Ok(())
    }

    /// Behind a backslash that may stand in a class: the character, or `None` for a class of its own (`\d`,
    /// `\pL`).
    fn class_escape(&mut self) -> Result<Option<char>, Re2Error> {
        let c = self.chars.next().ok_or(Re2Error::TrailingBackslash)?;
        match c {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Ok(None),
            'p' | 'P' => self.unicode_class().map(|()| None),
            '0' => Ok(Some(self.octal(0, 2))),
            // A digit alone would be a reference to a group.
            '1'..='7' if self.chars.peek().is_some_and(|next| ('0'..='7').contains(next)) => {
                Ok(Some(self.octal(c.to_digit(8).unwrap_or_default(), 2)))
            }
            'x' => self.hexadecimal().map(Some),
            'a' => Ok(Some('\u{7}')),
            'f' => Ok(Some('\u{c}')),
            'n' => Ok(Some('\n')),
            'r' => Ok(Some('\r')),
            't' => Ok(Some('\t')),
            'v' => Ok(Some('\u{b}')),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(Some(c)),
            c => Err(Re2Error::Escape(c)),
        }
    }

    fn octal(&mut self, first: u32, more: usize) -> char {
        let mut value = first;
        for _ in 0..more {
            let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(8)) else { break };
            self.chars.next();
            value = value * 8 + digit;
        }
        char::from_u32(value).unwrap_or_default()
    }

    fn hexadecimal(&mut self) -> Result<char, Re2Error> {
        let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16)).ok_or(Re2Error::Escape('x'));
        if self.chars.next_if_eq(&'{').is_none() {
            let value = digit(self.chars.next())? * 16 + digit(self.chars.next())?;
            return char::from_u32(value).ok_or(Re2Error::Escape('x'));
        }
        let mut value = digit(self.chars.next())?;
        loop {
            match self.chars.next() {
                Some('}') => return char::from_u32(value).ok_or(Re2Error::Escape('x')),
                c => value = value.saturating_mul(16).saturating_add(digit(c)?),
            }
        }
    }

    /// Behind `\p`: `L` or `{Greek}`. Which names there are is not known here.
    fn unicode_class(&mut self) -> Result<(), Re2Error> {
        match self.chars.next() {
            Some('{') => {
                let name: String = self.chars.by_ref().take_while(|c| *c != '}').collect();
                let name = name.strip_prefix('^').unwrap_or(&name);
                let known = !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphabetic());
                if known { Ok(()) } else { Err(Re2Error::Range) }
            }
            Some('L' | 'M' | 'N' | 'P' | 'S' | 'Z' | 'C') => Ok(()),
            _ => Err(Re2Error::Range),
        }
    }

    /// Behind `[`.
    fn class(&mut self) -> Result<(), Re2Error> {
        self.chars.next_if_eq(&'^');
        let mut first = true;
        loop {
            let c = self.chars.next().ok_or(Re2Error::Bracket)?;
            let low = match c {
                ']' if !first => {
                    self.before = Before::Atom;
                    return Ok(());
                }
                '[' if self.chars.peek() == Some(&':') => self.named_class()?,
                '\\' => self.class_escape()?,
                c => Some(c),
            };
            first = false;
            if let Some(low) = low {
                self.range(low)?;
            }
        }
    }

    /// Behind a class's character: `-` and another one, or nothing.
    fn range(&mut self, low: char) -> Result<(), Re2Error> {
        let mut ahead = self.chars.clone();
        if ahead.next() != Some('-') || matches!(ahead.peek(), Some(']') | None) {
            return Ok(());
        }
        self.chars = ahead;
        let high = match self.chars.next().ok_or(Re2Error::Bracket)? {
            '\\' => self.class_escape()?,
            c => Some(c),
        };
        if high.is_some_and(|high| low <= high) { Ok(()) } else { Err(Re2Error::Range) }
    }

    /// At `:` behind `[`: a class such as `[:alpha:]`, or else just a bracket.
    fn named_class(&mut self) -> Result<Option<char>, Re2Error> {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
            "space", "upper", "word", "xdigit",
        ];
        let rest: String = self.chars.clone().skip(1).collect();
        let Some((name, _)) = rest.split_once(":]") else { return Ok(Some('[')) };
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(Re2Error::Range);
        }
        for _ in 0..name.chars().count() + 3 {
            self.chars.next();
        }
        Ok(None)
    }
}

/// The counts of a repetition, behind its `{`; the second is `None` for `{2,}` and equal to the first for
/// `{2}`.
fn counts(chars: &mut Peekable<Chars<'_>>) -> Option<(u32, Option<u32>)> {
    let least = number(chars)?;
    match chars.next()? {
        '}' => Some((least, Some(least))),
        ',' if chars.next_if_eq(&'}').is_some() => Some((least, None)),
        ',' => {
            let most = number(chars)?;
            (chars.next()? == '}').then_some((least, Some(most)))
        }
        _ => None,
    }
}

fn number(chars: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    // A count too large for 32 bits is too large.
    (!digits.is_empty() && !leading_zero).then(|| digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Re2Error, check};

    #[test]
    fn what_re2_takes() {
        let good = [
            "^/users/[0-9]+$",
            "a{",
            "a{,2}",
            "x{2,5}?",
            "(?i)abc",
            "(?i:a)|b",
            "(?P<n>a)",
            "[]a]",
            "[^]a-]",
            "[a-]",
            "[[:alpha:]_]",
            r"\d+\.\w*",
            r"[\d\-z]",
            r"\pL\p{Greek}",
            r"\Qa**b\E",
            r"\x{1F600}\x41",
            "[[a]",
            "(a|)*",
            "()",
            "^*",
            r"\07",
        ];
        for expression in good {
            assert_eq!(check(expression), Ok(()), "{expression}");
        }
    }

    #[test]
    fn what_re2_refuses() {
        assert_eq!(check(""), Err(Re2Error::Empty));
        assert_eq!(check(&"a".repeat(1025)), Err(Re2Error::TooLong));
        assert_eq!(check("*a"), Err(Re2Error::NothingToRepeat('*')));
        assert_eq!(check("(|+)"), Err(Re2Error::NothingToRepeat('+')));
        assert_eq!(check("a**"), Err(Re2Error::NestedRepeat));
        assert_eq!(check("a{2}{3}"), Err(Re2Error::NestedRepeat));
        assert_eq!(check("a{1001}"), Err(Re2Error::RepeatCount));
        assert_eq!(check("a{3,2}"), Err(Re2Error::RepeatCount));
        assert_eq!(check("(a"), Err(Re2Error::Parenthesis));
        assert_eq!(check("a)"), Err(Re2Error::Parenthesis));
        assert_eq!(check("[a"), Err(Re2Error::Bracket));
        assert_eq!(check("[b-a]"), Err(Re2Error::Range));
        assert_eq!(check("[[:nope:]]"), Err(Re2Error::Range));
        assert_eq!(check("(?=a)"), Err(Re2Error::Group));
        assert_eq!(check("(?!a)"), Err(Re2Error::Group));
        assert_eq!(check(r"\1"), Err(Re2Error::Escape('1')));
        assert_eq!(check(r"\y"), Err(Re2Error::Escape('y')));
        assert_eq!(check("a\\"), Err(Re2Error::TrailingBackslash));
    }
}
