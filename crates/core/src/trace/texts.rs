//! Texts that are made on the way, in memory that is used again.

use std::borrow::Cow;

/// How many texts a walk makes at most: more of them are kept elsewhere.
const TEXTS: usize = 16;

/// What [`Tracer::answer`](super::Tracer::answer) writes in: kept from request to request, nothing is
/// allocated once it is large enough.
#[derive(Clone, Debug, Default)]
pub struct Scratch([String; TEXTS]);

/// The texts of a scratch that are not used yet.
#[derive(Debug)]
pub(super) struct Texts<'a>(std::slice::IterMut<'a, String>);

impl Scratch {
    pub(super) fn texts(&mut self) -> Texts<'_> {
        Texts(self.0.iter_mut())
    }
}

impl<'a> Texts<'a> {
    /// A text that is written here.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut String)) -> Cow<'a, str> {
        match self.0.next() {
            Some(text) => {
                text.clear();
                write(text);
                Cow::Borrowed(text.as_str())
            }
            None => {
                let mut text = String::new();
                write(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// A text of these parts.
    pub(super) fn concat(&mut self, parts: &[&str]) -> Cow<'a, str> {
        self.write(|text| parts.iter().for_each(|part| text.push_str(part)))
    }
}
