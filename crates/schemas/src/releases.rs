//! Sets of releases.

/// A set of an extract's releases, by their place in its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Releases(pub u8);

impl Releases {
    /// The oldest `count`.
    #[must_use]
    pub const fn first(count: usize) -> Self {
        let bits = (1_u16 << if count < 8 { count } else { 8 }) - 1;
        Self((bits & 0xff) as u8)
    }

    /// One alone.
    #[must_use]
    pub const fn only(release: usize) -> Self {
        Self(1 << (release % 8))
    }

    /// Whether a release is in it.
    #[must_use]
    pub const fn contains(self, release: usize) -> bool {
        self.0 & Self::only(release).0 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// As it is written: `1.29+`, `1.18-1.30`, `1.18,1.30`.
    #[must_use]
    pub fn write(self, names: &[String]) -> String {
        let inside: Vec<usize> = (0..names.len()).filter(|&release| self.contains(release)).collect();
        let name = |release: &usize| names.get(*release).map_or("", String::as_str);
        let (Some(first), Some(last)) = (inside.first(), inside.last()) else { return "none".into() };
        if last - first + 1 != inside.len() {
            return inside.iter().map(name).collect::<Vec<_>>().join(",");
        }
        match (first == last, last + 1 == names.len()) {
            (true, false) => name(first).into(),
            (_, true) => format!("{}+", name(first)),
            (false, false) => format!("{}-{}", name(first), name(last)),
        }
    }

    /// Reads what [`write`](Self::write) writes.
    pub(crate) fn read(text: &str, names: &[String]) -> Option<Self> {
        let find = |name: &str| names.iter().position(|known| known == name);
        if let Some(first) = text.strip_suffix('+') {
            let first = find(first)?;
            return Some(Self(Self::first(names.len()).0 & !Self::first(first).0));
        }
        if let Some((first, last)) = text.split_once('-') {
            let (first, last) = (find(first)?, find(last)?);
            return Some(Self(Self::first(last + 1).0 & !Self::first(first).0));
        }
        text.split(',').try_fold(Self::default(), |set, name| Some(set.or(Self::only(find(name)?))))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_they_are_written() {
        let names = ["1.18", "1.29", "1.30", "1.31"].map(String::from);
        for (bits, text) in [
            (0b1111, "1.18+"),
            (0b1000, "1.31+"),
            (0b0001, "1.18"),
            (0b0111, "1.18-1.30"),
            (0b0101, "1.18,1.30"),
        ] {
            assert_eq!(Releases(bits).write(&names), text);
            assert_eq!(Releases::read(text, &names), Some(Releases(bits)));
        }
        assert_eq!(Releases::read("1.19+", &names), None);
    }
}
