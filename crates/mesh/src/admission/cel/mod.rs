//! The syntax of CEL, the Common Expression Language, as far as Istio's webhook looks at it: it parses
//! expressions and expands macros, but knows no types and no names.
//!
//! Source: <https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax>.

mod token;

use token::{Token, tokens};

/// The longest expression that is read, in characters.
const LONGEST: usize = 100_000;
/// How deeply expressions may be nested.
const DEEPEST: usize = 250;

/// Words that may not be names.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Macros on a list or map that bind a variable, and how many arguments each takes.
const BINDING: [(&str, &[usize]); 6] = [
    ("all", &[2]),
    ("exists", &[2]),
    ("exists_one", &[2]),
    ("existsOne", &[2]),
    ("map", &[2, 3]),
    ("filter", &[2]),
];

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CelError {
    #[error("`{0}` does not belong here")]
    Unexpected(String),
    #[error("it ends too early")]
    Ended,
    #[error("a string is not closed, or has an escape that there isn't")]
    Text,
    #[error("the number `{0}` is too large")]
    Number(String),
    #[error("`{0}` is a reserved word")]
    Reserved(String),
    #[error("`has` takes a field, such as `a.b`")]
    Has,
    #[error("the first argument of `{0}` is the name of a variable")]
    Variable(String),
    #[error("it is too long, or nested too deeply")]
    TooLarge,
}

/// Whether a text is an expression.
///
/// # Errors
///
/// The first reason why it is not.
pub(super) fn syntax(text: &str) -> Result<(), CelError> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(CelError::TooLarge);
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    parser.expression()?;
    match parser.peek() {
        None => Ok(()),
        Some(token) => Err(CelError::Unexpected(token.to_string())),
    }
}

/// What macros have to know of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A single name.
    Name,
    /// A field of something.
    Field,
    /// Anything else.
    Other,
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    /// Takes the next token if it is this sign.
    fn takes(&mut self, sign: &str) -> bool {
        let found = self.peek() == Some(Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn takes_any(&mut self, signs: &[&str]) -> bool {
        signs.iter().any(|sign| self.takes(sign))
    }

    fn expects(&mut self, sign: &str) -> Result<(), CelError> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> CelError {
        self.peek().map_or(CelError::Ended, |token| CelError::Unexpected(token.to_string()))
    }

    fn name(&mut self) -> Result<&'t str, CelError> {
        match self.peek() {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// `a ? b : c`, or what binds more strongly.
    fn expression(&mut self) -> Result<Shape, CelError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(CelError::TooLarge);
        }
        let mut shape = self.binary(0)?;
        if self.takes("?") {
            self.binary(0)?;
            self.expects(":")?;
            self.expression()?;
            shape = Shape::Other;
        }
        self.depth -= 1;
        Ok(shape)
    }

    /// Operators of a level, and of those that bind more strongly.
    fn binary(&mut self, level: usize) -> Result<Shape, CelError> {
        const LEVELS: [&[&str]; 5] =
            [&["||"], &["&&"], &["<", "<=", ">=", ">", "==", "!=", "in"], &["+", "-"], &["*", "/", "%"]];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut shape = self.binary(level + 1)?;
        while self.takes_any(operators) {
            self.binary(level + 1)?;
            shape = Shape::Other;
        }
        Ok(shape)
    }

    fn unary(&mut self) -> Result<Shape, CelError> {
        let before = self.at;
        if self.takes("!") {
            while self.takes("!") {}
        } else {
            while self.takes("-") {}
        }
        let negated = self.at > before;
        let shape = self.member()?;
        Ok(if negated { Shape::Other } else { shape })
    }

    /// Something, and what is taken out of it or called on it.
    fn member(&mut self) -> Result<Shape, CelError> {
        let (mut shape, mut is_path) = self.primary()?;
        loop {
            if self.takes(".") {
                let name = self.name()?;
                shape = Shape::Field;
                if self.takes("(") {
                    let arguments = self.list(")")?;
                    binds(name, &arguments)?;
                    (shape, is_path) = (Shape::Other, false);
                }
            } else if self.takes("[") {
                self.expression()?;
                self.expects("]")?;
                (shape, is_path) = (Shape::Other, false);
            } else if is_path && self.takes("{") {
                self.entries(Self::field)?;
                (shape, is_path) = (Shape::Other, false);
            } else {
                return Ok(shape);
            }
        }
    }

    /// A name, a call, a literal, or something in brackets; and whether it may be the start of a message's
    /// name.
    fn primary(&mut self) -> Result<(Shape, bool), CelError> {
        if self.takes("(") {
            let shape = self.expression()?;
            self.expects(")")?;
            return Ok((shape, false));
        }
        if self.takes("[") {
            self.list("]")?;
            return Ok((Shape::Other, false));
        }
        if self.takes("{") {
            self.entries(Self::key)?;
            return Ok((Shape::Other, false));
        }
        let start = self.at;
        if self.takes("-") && !matches!(self.peek(), Some(Token::Number)) {
            self.at = start;
            return Err(self.unexpected());
        }
        if let Some(Token::Number | Token::Literal) = self.peek() {
            self.at += 1;
            return Ok((Shape::Other, false));
        }
        let absolute = self.takes(".");
        let name = self.name()?;
        if RESERVED.contains(&name) {
            return Err(CelError::Reserved(name.to_owned()));
        }
        if !self.takes("(") {
            return Ok((Shape::Name, true));
        }
        match (name, absolute, self.list(")")?.as_slice()) {
            ("has", false, [Shape::Field]) => Ok((Shape::Field, false)),
            ("has", false, [_]) => Err(CelError::Has),
            _ => Ok((Shape::Other, false)),
        }
    }

    /// Expressions with commas between them, to a closing sign; only a list may have a comma at its end, even
    /// alone.
    fn list(&mut self, close: &str) -> Result<Vec<Shape>, CelError> {
        let mut shapes = Vec::new();
        if close != ")" && self.takes(",") {
            return self.expects(close).map(|()| shapes);
        }
        while !self.takes(close) {
            shapes.push(self.expression()?);
            if self.takes(close) {
                break;
            }
            self.expects(",")?;
            if close == ")" && self.peek() == Some(Token::Sign(close)) {
                return Err(self.unexpected());
            }
        }
        Ok(shapes)
    }

    /// `key: value` with commas between them, to the closing brace.
    fn entries(&mut self, key: fn(&mut Self) -> Result<(), CelError>) -> Result<(), CelError> {
        if self.takes(",") {
            return self.expects("}");
        }
        while !self.takes("}") {
            key(self)?;
            self.expects(":")?;
            self.expression()?;
            if self.takes("}") {
                break;
            }
            self.expects(",")?;
        }
        Ok(())
    }

    fn key(&mut self) -> Result<(), CelError> {
        self.expression().map(drop)
    }

    fn field(&mut self) -> Result<(), CelError> {
        self.name().map(drop)
    }
}

/// Macros that bind a variable need its name.
fn binds(name: &str, arguments: &[Shape]) -> Result<(), CelError> {
    let is_macro = BINDING.iter().any(|(known, counts)| *known == name && counts.contains(&arguments.len()));
    match arguments.first() {
        Some(first) if is_macro && *first != Shape::Name => Err(CelError::Variable(name.to_owned())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_taken() {
        for text in [
            "response.code >= 400",
            "response.code >= 400 || xds.cluster_name == 'BlackHoleCluster'",
            "!has(request.auth.principal) ? -1 : --2",
            "request.headers['x-a'] in [\"a\", 'b', r'\\d',]",
            "connection.mtls && request.url_path.startsWith('/v1') // why",
            "[1, 2u, 0x1F, 1.5e3, .5].all(i, i > 0) && {'a': 1, 2: b,}.size() == 2",
            "google.protobuf.Duration{seconds: 10}.getSeconds() % 3 == 1",
            ".a.b('''it's\nlong''', b\"\\x00\\101\\u00e9\") != null",
            "a.if && (b.c) == {,} + [,]",
            "-9223372036854775808 < 9223372036854775807",
        ] {
            assert_eq!(syntax(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn others_are_refused() {
        let unexpected = |text: &str| CelError::Unexpected(text.to_owned());
        for (text, error) in [
            ("", CelError::Ended),
            ("response.code >=", CelError::Ended),
            ("response.code => 400", unexpected("=")),
            ("a b", unexpected("b")),
            ("a & b", unexpected("&")),
            ("f(a,)", unexpected(")")),
            ("a ? b", CelError::Ended),
            ("'open", CelError::Text),
            ("'\\q'", CelError::Text),
            ("9223372036854775808", CelError::Number("9223372036854775808".to_owned())),
            ("if", CelError::Reserved("if".to_owned())),
            ("has(a)", CelError::Has),
            ("a.all(b.c, true)", CelError::Variable("all".to_owned())),
            ("a.5", unexpected("a number")),
            ("%REQ(:path)% == 'a'", unexpected("%")),
        ] {
            assert_eq!(syntax(text), Err(error), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| "(".repeat(depth) + "a" + &")".repeat(depth);
        assert_eq!(syntax(&nested(200)), Ok(()));
        assert_eq!(syntax(&nested(100_000 / 3)), Err(CelError::TooLarge));
        assert_eq!(syntax(&"a+".repeat(60_000)), Err(CelError::TooLarge));
    }
}
