//! What the YAML parser's messages mean to the author of a document.

/// A message in plain words, and what to do about it.
pub(super) struct Advice {
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

const INDENTATION: &str = "check the indentation of this line and of the lines before it";
const BRACKET: &str = "check that each bracket is closed, and that items are separated by commas";

/// Plain words for the parser's messages that are met most; others are passed on.
pub(super) fn of(parser: &str, at_end: bool) -> Advice {
    let (message, help) =
        known(parser).map_or((parser.to_owned(), None), |(text, help)| (text.to_owned(), Some(help)));
    if at_end {
        return Advice { message: format!("the document ends in the middle of a value: {message}"), help };
    }
    Advice { message, help }
}

fn known(parser: &str) -> Option<(&'static str, &'static str)> {
    let has = |part: &str| parser.contains(part);
    let found = if has("tabs disallowed") || has("tab cannot") || has("tabs cannot") || has("found a tab") {
        ("a tab cannot indent a line", "YAML takes only spaces for indentation")
    } else if has("mapping values are not allowed") {
        ("a key is not allowed here", INDENTATION)
    } else if has("simple key expect") || has("could not find expected ':'") || has("simple key expected") {
        ("expected `:` behind the key", "a line here is neither a key with a value nor a list item")
    } else if has("block sequence entries are not allowed") {
        ("a list item is not allowed here", INDENTATION)
    } else if has("invalid indentation")
        || has("did not find expected key")
        || has("did not find expected '-' indicator")
    {
        ("the line is not indented like its neighbours", INDENTATION)
    } else if has("quoted scalar") && has("unexpected end of stream") {
        ("the quote that starts here is not closed", "add the closing quote")
    } else if has("while parsing a flow sequence") {
        ("expected `,` or `]`", BRACKET)
    } else if has("while parsing a flow mapping") {
        ("expected `,` or `}`", BRACKET)
    } else if has("misplaced bracket") {
        ("this bracket closes nothing", BRACKET)
    } else {
        return None;
    };
    Some(found)
}
