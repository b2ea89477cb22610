//! Classes of addresses.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::ClassSet;

/// The classes of addresses: two addresses are of one class when they are in the same blocks.
#[derive(Clone, Debug)]
pub struct Addresses {
    blocks: Vec<IpNet>,
    by_truths: BTreeMap<Vec<usize>, usize>,
    examples: Vec<IpAddr>,
    inside: Vec<ClassSet>,
}

impl Addresses {
    /// The classes of all addresses of both families, by the blocks that they are in.
    #[must_use]
    pub fn new(blocks: &[IpNet]) -> Self {
        let blocks: Vec<IpNet> = blocks.iter().map(IpNet::trunc).collect();
        let mut found: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
        for address in edges(&blocks) {
            found.insert(address, truths(&blocks, address));
        }
        let mut by_truths = BTreeMap::new();
        let mut examples = Vec::new();
        for (address, truths) in found {
            by_truths.entry(truths).or_insert_with(|| {
                examples.push(address);
                examples.len() - 1
            });
        }
        let mut inside = vec![ClassSet::with_capacity(examples.len()); blocks.len()];
        for (truths, &class) in &by_truths {
            for &block in truths {
                if let Some(classes) = inside.get_mut(block) {
                    classes.insert(class);
                }
            }
        }
        Self { blocks, by_truths, examples, inside }
    }

    /// How many classes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Never: there are addresses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The classes whose addresses are in a block.
    #[must_use]
    pub fn inside(&self, block: usize) -> &ClassSet {
        const NONE: &ClassSet = &ClassSet::new();
        self.inside.get(block).unwrap_or(NONE)
    }

    /// An address of a class.
    #[must_use]
    pub fn example(&self, class: usize) -> Option<IpAddr> {
        self.examples.get(class).copied()
    }

    /// The class of an address.
    #[must_use]
    pub fn class_of(&self, address: IpAddr) -> Option<usize> {
        self.by_truths.get(&truths(&self.blocks, address)).copied()
    }
}

/// The blocks that an address is in.
fn truths(blocks: &[IpNet], address: IpAddr) -> Vec<usize> {
    blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.contains(&address))
        .map(|(position, _)| position)
        .collect()
}

/// Addresses of which at least one is in each class: where blocks begin, and what follows them.
///
/// The second address of a stretch is the better example, as the first of a block often stands for the block;
/// so that comes before the first where it is of the same class.
fn edges(blocks: &[IpNet]) -> Vec<IpAddr> {
    let mut edges = vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    for block in blocks {
        edges.push(block.network());
        edges.extend(next(block.broadcast()));
    }
    edges.sort_unstable();
    edges.dedup();
    let better = |&edge: &IpAddr| {
        next(edge).filter(|&second| truths(blocks, second) == truths(blocks, edge)).unwrap_or(edge)
    };
    edges.iter().map(better).collect()
}

/// The next address of the same family.
fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| Ipv4Addr::from_bits(bits).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| Ipv6Addr::from_bits(bits).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn addresses(blocks: &[&str]) -> Addresses {
        let blocks: Vec<IpNet> = blocks.iter().map(|block| block.parse().unwrap()).collect();
        Addresses::new(&blocks)
    }

    #[test]
    fn blocks_nest() {
        let addresses = addresses(&["10.0.0.0/8", "10.1.0.0/16", "fd00::/8"]);
        assert_eq!(addresses.len(), 4, "outside, both of v4, the large one only, v6");
        let of = |text: &str| addresses.class_of(text.parse().unwrap()).unwrap();
        assert_eq!(of("10.2.3.4"), of("10.0.0.0"));
        assert_ne!(of("10.1.3.4"), of("10.0.0.0"));
        assert_eq!(of("11.0.0.0"), of("::1"));
        assert_eq!(addresses.example(of("10.1.9.9")), Some("10.1.0.1".parse().unwrap()));
        assert_eq!(addresses.inside(0).count_ones(..), 2);
    }

    #[test]
    fn a_block_may_be_everything() {
        let addresses = addresses(&["0.0.0.0/0", "::/0", "255.255.255.255/32"]);
        assert_eq!(addresses.len(), 3);
        assert!(!addresses.is_empty());
    }

    proptest! {
        #[test]
        fn a_class_is_in_the_blocks_of_its_addresses(
            blocks in prop::collection::vec((any::<u8>(), 0u8..=8), 0..6),
            address in any::<[u8; 4]>(),
        ) {
            let blocks: Vec<IpNet> = blocks
                .into_iter()
                .map(|(first, length)| IpNet::new(Ipv4Addr::new(first, 0, 0, 0).into(), length).unwrap())
                .collect();
            let addresses = Addresses::new(&blocks);
            let address = IpAddr::from(address);
            let class = addresses.class_of(address).unwrap();
            prop_assert_eq!(addresses.class_of(addresses.example(class).unwrap()), Some(class));
            for (position, block) in blocks.iter().enumerate() {
                prop_assert_eq!(addresses.inside(position).contains(class), block.contains(&address));
            }
        }
    }
}
