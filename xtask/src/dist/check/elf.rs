//! What the header of a program says: for which machine it is, and whether a loader of that machine has to
//! start it.

/// A program or library in ELF, of 64 bits and little-endian, as every target's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elf<'b> {
    bytes: &'b [u8],
}

/// The type of a program header that names a loader.
const INTERPRETER: usize = 3;

impl<'b> Elf<'b> {
    /// None if the bytes are none.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Self> {
        bytes.starts_with(b"\x7fELF\x02\x01").then_some(Self { bytes })
    }

    /// The machine's instruction set, as rustc calls it.
    pub(super) fn arch(self) -> Option<&'static str> {
        match self.number(18, 2) {
            62 => Some("x86_64"),
            183 => Some("aarch64"),
            _ => None,
        }
    }

    /// Whether it needs nothing of the machine but its kernel.
    pub(super) fn is_static(self) -> bool {
        let (headers, size, count) = (self.number(32, 8), self.number(54, 2), self.number(56, 2));
        (0..count).all(|index| self.number(headers + index * size, 4) != INTERPRETER)
    }

    fn number(self, at: usize, size: usize) -> usize {
        let bytes = self.bytes.get(at..at + size).unwrap_or_default();
        bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// A header with one program header of a type, right behind it.
    fn program(machine: u8, kind: u8) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(64 + 56, 0);
        for (at, value) in [(18, machine), (32, 64), (54, 56), (56, 1), (64, kind)] {
            *bytes.get_mut(at).unwrap() = value;
        }
        bytes
    }

    #[test]
    fn machine_and_loader_are_read() {
        for (machine, kind, arch, is_static) in
            [(62, 1, Some("x86_64"), true), (183, 3, Some("aarch64"), false), (40, 1, None, true)]
        {
            let bytes = program(machine, kind);
            let elf = Elf::read(&bytes).unwrap();
            assert_eq!((elf.arch(), elf.is_static()), (arch, is_static));
        }
        assert_eq!(Elf::read(b"#!/bin/sh\n"), None);
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn this_test_is_for_this_machine_and_has_a_loader() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = Elf::read(&bytes).unwrap();
        assert_eq!((elf.arch(), elf.is_static()), (Some(std::env::consts::ARCH), false));
    }
}
