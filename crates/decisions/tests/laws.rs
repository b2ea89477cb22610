//! Diagrams against plain enumeration of all combinations of classes.
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use decisions::{ClassSet, Condition, Decision, Diagrams, Limits, TooMuch};
use proptest::prelude::*;

const SIZES: [usize; 3] = [3, 2, 4];

/// A condition, as a tree.
#[derive(Clone, Debug)]
enum Tree {
    Test(usize, Vec<bool>),
    Unknown,
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let test =
        (0..SIZES.len(), prop::collection::vec(any::<bool>(), 4)).prop_map(|(a, set)| Tree::Test(a, set));
    let leaf = prop_oneof![9 => test, 1 => Just(Tree::Unknown)];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| Tree::Not(a.into())),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Tree::And(a.into(), b.into())),
            (inner.clone(), inner).prop_map(|(a, b)| Tree::Or(a.into(), b.into())),
        ]
    })
}

/// Yes, no, or nothing where it is not known.
fn truth(tree: &Tree, classes: &[usize]) -> Option<bool> {
    match tree {
        Tree::Test(attribute, set) => Some(set[classes[*attribute]]),
        Tree::Unknown => None,
        Tree::Not(a) => truth(a, classes).map(|a| !a),
        Tree::And(a, b) => match (truth(a, classes), truth(b, classes)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Tree::Or(a, b) => match (truth(a, classes), truth(b, classes)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
    }
}

fn diagram(diagrams: &mut Diagrams, tree: &Tree) -> Result<Condition, TooMuch> {
    Ok(match tree {
        Tree::Test(attribute, set) => {
            let classes: ClassSet = (0..SIZES[*attribute]).filter(|class| set[*class]).collect();
            diagrams.test(*attribute, &classes)?
        }
        Tree::Unknown => Condition::UNKNOWN,
        Tree::Not(a) => {
            let a = diagram(diagrams, a)?;
            diagrams.not(a)?
        }
        Tree::And(a, b) => {
            let (a, b) = (diagram(diagrams, a)?, diagram(diagrams, b)?);
            diagrams.and(a, b)?
        }
        Tree::Or(a, b) => {
            let (a, b) = (diagram(diagrams, a)?, diagram(diagrams, b)?);
            diagrams.or(a, b)?
        }
    })
}

fn everything() -> impl Iterator<Item = [usize; 3]> {
    let [x, y, z] = SIZES;
    (0..x).flat_map(move |a| (0..y).flat_map(move |b| (0..z).map(move |c| [a, b, c])))
}

fn number(truth: Option<bool>) -> u32 {
    truth.map_or(2, u32::from)
}

proptest! {
    #[test]
    fn a_diagram_says_what_its_condition_says(tree in tree()) {
        let mut diagrams = Diagrams::new(SIZES.to_vec(), &Limits::default());
        let condition = diagram(&mut diagrams, &tree).unwrap();
        for classes in everything() {
            prop_assert_eq!(diagrams.outcome(condition, &classes), Some(number(truth(&tree, &classes))));
        }
    }

    /// Two diagrams are the same exactly if what they say is.
    #[test]
    fn equal_is_identical(a in tree(), b in tree()) {
        let mut diagrams = Diagrams::new(SIZES.to_vec(), &Limits::default());
        let (of_a, of_b) = (diagram(&mut diagrams, &a).unwrap(), diagram(&mut diagrams, &b).unwrap());
        let differs = diagrams.differ(of_a, of_b).unwrap();
        prop_assert_eq!(of_a == of_b, differs == Condition::NO);
        for classes in everything() {
            let expected = truth(&a, &classes) != truth(&b, &classes);
            prop_assert_eq!(diagrams.outcome(differs, &classes), Some(expected.into()));
        }
    }

    #[test]
    fn a_cover_is_what_holds(tree in tree(), most in 0usize..4) {
        let mut diagrams = Diagrams::new(SIZES.to_vec(), &Limits::default());
        let condition = diagram(&mut diagrams, &tree).unwrap();
        let inside = |cube: &decisions::Cube, classes: &[usize]| {
            cube.attributes().all(|(attribute, set)| set.contains(classes[attribute]))
        };
        let cover = diagrams.cover(condition, 100).unwrap();
        prop_assert!(cover.is_complete);
        for classes in everything() {
            let covered = cover.cubes.iter().any(|cube| inside(cube, &classes));
            prop_assert_eq!(covered, truth(&tree, &classes) == Some(true), "{:?}", cover);
        }
        // None of fewer rows says more than is so.
        let part = diagrams.cover(condition, most).unwrap();
        prop_assert_eq!(part.is_complete, cover.cubes.len() <= most);
        prop_assert_eq!(&cover.cubes[..part.cubes.len()], part.cubes.as_slice());
    }

    #[test]
    fn choices_and_pairs_come_to_what_was_chosen(a in tree(), b in tree()) {
        let mut diagrams = Diagrams::new(SIZES.to_vec(), &Limits::default());
        diagrams.unknown_comes_to(99);
        let (of_a, of_b) = (diagram(&mut diagrams, &a).unwrap(), diagram(&mut diagrams, &b).unwrap());
        let inner = diagrams.choose(of_b, Decision::always(20), Decision::always(30)).unwrap();
        let outer = diagrams.choose(of_a, Decision::always(10), inner).unwrap();
        let pairs = diagrams.pairs(outer, of_b.into()).unwrap();
        for classes in everything() {
            let chosen = |truth: Option<bool>, yes, no| truth.map_or(99, |truth| if truth { yes } else { no });
            let inner = chosen(truth(&b, &classes), 20, 30);
            let expected = chosen(truth(&a, &classes), 10, inner);
            prop_assert_eq!(diagrams.outcome(outer, &classes), Some(expected));
            let pair = diagrams.outcome(pairs, &classes).and_then(|number| diagrams.pair(number));
            prop_assert_eq!(pair, Some((expected, number(truth(&b, &classes)))));
        }
        let mut found: Vec<u32> = everything().filter_map(|classes| diagrams.outcome(outer, &classes)).collect();
        found.sort_unstable();
        found.dedup();
        prop_assert_eq!(diagrams.outcomes(outer), found);
        let mapped = diagrams.map(outer, &mut |outcome| outcome / 20).unwrap();
        for classes in everything() {
            let expected = diagrams.outcome(outer, &classes).map(|outcome| outcome / 20);
            prop_assert_eq!(diagrams.outcome(mapped, &classes), expected);
        }
    }
}

#[test]
fn what_is_too_much_is_an_error() {
    let limits = Limits { nodes: 1, ..Limits::default() };
    let mut diagrams = Diagrams::new(vec![2, 2], &limits);
    let first: ClassSet = std::iter::once(0).collect();
    let a = diagrams.test(0, &first).unwrap();
    assert_eq!(diagrams.test(1, &first), Err(TooMuch::Nodes(1)));
    assert_eq!(diagrams.test(0, &first), Ok(a), "it is there already");
    assert_eq!(
        Diagrams::new(Vec::new(), &limits).test(0, &first),
        Ok(Condition::NO),
        "there is nothing to ask"
    );
}

/// A thousand routes, each with a path and a method, the first that fits: no more nodes than routes need.
#[test]
fn first_match_lists_stay_small() {
    let mut diagrams = Diagrams::new(vec![1001, 3], &Limits::default());
    let mut decision = Decision::always(0);
    for route in (0..1000).rev() {
        let path: ClassSet = std::iter::once(route).collect();
        let method: ClassSet = std::iter::once(route % 3).collect();
        let (path, method) = (diagrams.test(0, &path).unwrap(), diagrams.test(1, &method).unwrap());
        let fits = diagrams.and(path, method).unwrap();
        let outcome = u32::try_from(route).unwrap() + 1;
        decision = diagrams.choose(fits, Decision::always(outcome), decision).unwrap();
    }
    assert_eq!(diagrams.outcome(decision, &[7, 1]), Some(8));
    assert_eq!(diagrams.outcome(decision, &[7, 2]), Some(0));
    assert!(diagrams.nodes() < 6_000, "{} nodes", diagrams.nodes());
}
