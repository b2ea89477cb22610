//! The fewest rows that say what a condition holds for.

use std::collections::BTreeMap;

use crate::diagram::Ref;
use crate::hash::HashMap;
use crate::{ClassSet, Condition, Diagrams, TooMuch};

/// A row: the classes that some attributes may have. Whatever the others are, the condition holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cube {
    by_attribute: BTreeMap<usize, ClassSet>,
}

impl Cube {
    /// The classes that an attribute may have; none where it does not matter.
    #[must_use]
    pub fn classes(&self, attribute: usize) -> Option<&ClassSet> {
        self.by_attribute.get(&attribute)
    }

    /// The attributes that matter, in their order, with their classes.
    pub fn attributes(&self) -> impl Iterator<Item = (usize, &ClassSet)> {
        self.by_attribute.iter().map(|(attribute, classes)| (*attribute, classes))
    }
}

/// Rows that together are what a condition holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The rows. They may overlap.
    pub cubes: Vec<Cube>,
    /// Whether they are all there is: not where more rows than wanted are needed.
    pub is_complete: bool,
}

impl Diagrams {
    /// Rows that say where a condition holds, each as wide as it can be, and no more than `most`. What is not
    /// known counts as not holding.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn cover(&mut self, condition: Condition, most: usize) -> Result<Cover, TooMuch> {
        self.cover_within(condition, condition, most)
    }

    /// Rows that have everything that is needed in them, and nothing but what may be in them: of what may and
    /// need not be they take what makes them fewer and shorter.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn cover_within(&mut self, needed: Condition, may: Condition, most: usize) -> Result<Cover, TooMuch> {
        let mut left = self.comes_to(needed.into(), 1)?;
        let may = self.comes_to(may.into(), 1)?;
        let may = self.or(left, may)?;
        let mut cubes = Vec::new();
        while left != Condition::NO {
            if cubes.len() == most {
                return Ok(Cover { cubes, is_complete: false });
            }
            let cube = self.widened(self.way(left), may);
            let inside = self.inside(&cube)?;
            let outside = self.not(inside)?;
            left = self.and(left, outside)?;
            cubes.push(cube);
        }
        Ok(Cover { cubes, is_complete: true })
    }

    /// Whether something is in a row.
    ///
    /// # Errors
    ///
    /// When there are too many nodes.
    pub fn inside(&mut self, cube: &Cube) -> Result<Condition, TooMuch> {
        let mut inside = Condition::YES;
        for (attribute, classes) in cube.attributes() {
            let test = self.test(attribute, classes)?;
            inside = self.and(inside, test)?;
        }
        Ok(inside)
    }

    /// The widest way to where it holds, at each node.
    fn way(&self, condition: Condition) -> Cube {
        let mut cube = Cube::default();
        let mut at = condition.0;
        while let Some(node) = self.at(at) {
            let Ok(attribute) = usize::try_from(node.attribute) else { break };
            let mut ways: BTreeMap<Ref, ClassSet> = BTreeMap::new();
            let size = self.size(attribute);
            let ends = node.edges.iter().skip(1).map(|edge| edge.from);
            let ends = ends.map(|end| usize::try_from(end).unwrap_or(size)).chain([size]);
            for (edge, end) in node.edges.iter().zip(ends).filter(|(edge, _)| edge.to != Condition::NO.0) {
                let from = usize::try_from(edge.from).unwrap_or(size).min(end);
                ways.entry(edge.to).or_insert_with(|| ClassSet::with_capacity(size)).insert_range(from..end);
            }
            let Some((to, classes)) =
                ways.into_iter().max_by_key(|(to, classes)| (classes.count_ones(..), std::cmp::Reverse(*to)))
            else {
                break;
            };
            cube.by_attribute.insert(attribute, classes);
            at = to;
        }
        cube
    }

    /// A row with all that can be left open: attributes first, then single classes.
    fn widened(&self, mut cube: Cube, condition: Condition) -> Cube {
        let attributes: Vec<usize> = cube.by_attribute.keys().copied().collect();
        for &attribute in attributes.iter().rev() {
            let mut wider = cube.clone();
            wider.by_attribute.remove(&attribute);
            if self.holds_in(condition, &wider) {
                cube = wider;
            }
        }
        for attribute in attributes {
            let Some(classes) = cube.by_attribute.get(&attribute) else { continue };
            for class in
                (0..self.size(attribute)).filter(|class| !classes.contains(*class)).collect::<Vec<_>>()
            {
                let mut wider = cube.clone();
                if let Some(classes) = wider.by_attribute.get_mut(&attribute) {
                    classes.grow(class + 1);
                    classes.insert(class);
                }
                if self.holds_in(condition, &wider) {
                    cube = wider;
                }
            }
        }
        cube
    }

    /// Whether a condition holds everywhere in a row.
    fn holds_in(&self, condition: Condition, cube: &Cube) -> bool {
        self.holds_from(condition.0, cube, &mut HashMap::default())
    }

    fn holds_from(&self, at: Ref, cube: &Cube, known: &mut HashMap<Ref, bool>) -> bool {
        let Some(node) = self.at(at) else { return at == Condition::YES.0 };
        if let Some(known) = known.get(&at) {
            return *known;
        }
        let attribute = usize::try_from(node.attribute).unwrap_or(usize::MAX);
        let size = self.size(attribute);
        let classes = cube.classes(attribute);
        let ends = node.edges.iter().skip(1).map(|edge| edge.from);
        let ends = ends.map(|end| usize::try_from(end).unwrap_or(size)).chain([size]);
        let holds = node.edges.iter().zip(ends).all(|(edge, end)| {
            let from = usize::try_from(edge.from).unwrap_or(size).min(end);
            let is_asked = classes.is_none_or(|classes| {
                let end = end.min(classes.len());
                from < end && classes.contains_any_in_range(from..end)
            });
            !is_asked || self.holds_from(edge.to, cube, known)
        });
        known.insert(at, holds);
        holds
    }
}
