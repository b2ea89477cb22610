//! The manifests of package managers are read, as those would read them: each names the version, and for
//! every target the address of its archive, that archive's sum, and files that are in it.

use std::collections::BTreeSet;

use waypoint_xds::limits::Limits;
use waypoint_xds::text::{Node, SourceFile, documents};

use super::super::manifests::address;
use super::super::{Target, VERSION};
use crate::Result;

/// What a manifest has to say of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Archive {
    pub(super) target: Target,
    pub(super) sum: String,
    /// The files in it.
    pub(super) files: BTreeSet<String>,
}

impl Archive {
    /// What is wrong with what a manifest says of this archive.
    fn check(&self, whose: &str, address_found: &str, sum: &str, files: &[String]) -> Result<()> {
        let expected = address(self.target);
        if address_found != expected {
            return Err(format!("{whose}: the address is {address_found}, expected {expected}").into());
        }
        if sum != self.sum {
            return Err(format!("{whose}: the sum of {address_found} is {sum}, expected {}", self.sum).into());
        }
        match files.iter().find(|file| !self.files.contains(*file)) {
            Some(missing) => Err(format!("{whose}: {address_found} has no file {missing}").into()),
            None => Ok(()),
        }
    }
}

/// Checks krew's manifest.
pub(super) fn krew(text: &str, archives: &[Archive]) -> Result<()> {
    const WHOSE: &str = "waypoint-xds.krew.yaml";
    let file = SourceFile::new(WHOSE, text);
    let read: Vec<_> = documents(&file, &Limits::DEFAULT).collect();
    let [Ok(document)] = read.as_slice() else { return Err(format!("{WHOSE} is not one document").into()) };
    let root = document.root();
    let at = |path: &str| root.find(path).and_then(Node::as_str).unwrap_or_default();
    let version = format!("v{VERSION}");
    for (path, expected) in [
        ("apiVersion", "krew.googlecontainertools.github.com/v1alpha2"),
        ("kind", "Plugin"),
        ("metadata.name", "waypoint-xds"),
        ("spec.version", version.as_str()),
    ] {
        if at(path) != expected {
            return Err(format!("{WHOSE}: {path} is {:?}, expected {expected:?}", at(path)).into());
        }
    }
    // Krew refuses longer ones.
    let short = at("spec.shortDescription");
    if short.is_empty() || short.len() > 80 || at("spec.description").is_empty() {
        return Err(
            format!("{WHOSE}: the descriptions are {short:?} and {:?}", at("spec.description")).into()
        );
    }
    let platforms: Vec<Node<'_>> =
        root.find("spec.platforms").map(|list| list.items().collect()).unwrap_or_default();
    if platforms.len() != archives.len() {
        return Err(format!("{WHOSE} has {} platforms, expected {}", platforms.len(), archives.len()).into());
    }
    for archive in archives {
        let text = |node: &Node<'_>, path: &str| {
            node.find(path).and_then(Node::as_str).unwrap_or_default().to_owned()
        };
        let is_for = |node: &&Node<'_>| {
            text(node, "selector.matchLabels.os") == "linux"
                && text(node, "selector.matchLabels.arch") == archive.target.go
        };
        let platform =
            platforms.iter().find(is_for).ok_or_else(|| format!("{WHOSE} lacks {:?}", archive.target))?;
        let copied = platform.find("files").map(|list| list.items().collect::<Vec<_>>()).unwrap_or_default();
        let mut files: Vec<String> = copied.iter().map(|copy| text(copy, "from")).collect();
        files.push(text(platform, "bin"));
        archive.check(WHOSE, &text(platform, "uri"), &text(platform, "sha256"), &files)?;
    }
    Ok(())
}

/// Checks Homebrew's formula: its blocks end, and what is in them is what it should be.
pub(super) fn homebrew(text: &str, archives: &[Archive]) -> Result<()> {
    const WHOSE: &str = "waypoint-xds.rb";
    let mut blocks: Vec<&str> = Vec::new();
    let mut downloads: Vec<(&str, &str, &str)> = Vec::new();
    let mut version = None;
    let mut installed = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let quoted = || rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
        match word {
            "end" => {
                blocks.pop().ok_or_else(|| format!("{WHOSE}: an `end` too many"))?;
            }
            "class" | "def" => blocks.push(line),
            _ if rest == "do" || rest.ends_with(" do") => blocks.push(word),
            "version" => version = Some(quoted()),
            "url" => downloads.push((blocks.last().copied().unwrap_or_default(), quoted(), "")),
            "sha256" => {
                let download =
                    downloads.last_mut().ok_or_else(|| format!("{WHOSE}: a sum without an address"))?;
                download.2 = quoted();
            }
            _ if blocks.last() == Some(&"def install") => installed.extend(installs(rest)),
            _ => {}
        }
    }
    if !blocks.is_empty() || !text.starts_with("class WaypointXds < Formula\n") {
        return Err(format!("{WHOSE}: {blocks:?} lack an `end`, or it is no class WaypointXds").into());
    }
    if version != Some(VERSION) || downloads.len() != archives.len() {
        return Err(format!("{WHOSE}: version {version:?} with {} archives", downloads.len()).into());
    }
    for archive in archives {
        let cpu = if archive.target.arch == "x86_64" { "on_intel" } else { "on_arm" };
        let found = downloads.iter().find(|(block, ..)| *block == cpu);
        let (_, address, sum) = found.ok_or_else(|| format!("{WHOSE} has no block {cpu}"))?;
        let files: Vec<String> =
            installed.iter().flat_map(|pattern| matching(pattern, &archive.files)).collect();
        archive.check(WHOSE, address, sum, &files)?;
    }
    if installed.is_empty() { Err(format!("{WHOSE} installs nothing").into()) } else { Ok(()) }
}

/// The files that a line of `install` names: what it calls them afterwards (`=> "name"`) does not count.
fn installs(line: &str) -> Vec<String> {
    let named = line.split("=>").next().unwrap_or_default();
    named.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What a file or pattern (`man/*.1`) stands for; itself, where nothing fits.
fn matching(pattern: &str, files: &BTreeSet<String>) -> Vec<String> {
    let found: Vec<String> =
        files.iter().filter(|file| crate::parity::glob(pattern, file)).cloned().collect();
    if found.is_empty() { vec![pattern.to_owned()] } else { found }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::super::{TARGETS, manifests as written};
    use super::*;

    fn archives() -> Vec<Archive> {
        let names = [
            "waypoint-xds",
            "kubectl-waypoint_xds",
            "LICENSE",
            "man/waypoint-xds.1",
            "completions/waypoint-xds.bash",
            "completions/_waypoint-xds",
            "completions/waypoint-xds.fish",
        ];
        let archive = |target: Target| Archive {
            target,
            sum: format!("{:a>63}{}", "", target.arch.len()),
            files: names.map(str::to_owned).into(),
        };
        TARGETS.map(archive).to_vec()
    }

    fn sums() -> Vec<(Target, String)> {
        archives().into_iter().map(|archive| (archive.target, archive.sum)).collect()
    }

    /// What is said of a manifest in which something is replaced.
    fn said(
        check: fn(&str, &[Archive]) -> Result<()>,
        text: &str,
        [from, to]: [&str; 2],
    ) -> std::result::Result<(), String> {
        assert!(text.contains(from), "{from}");
        check(&text.replacen(from, to, 1), &archives()).map_err(|error| error.to_string())
    }

    #[test]
    fn manifests_that_are_written_are_right() {
        krew(&written::krew(&sums()).unwrap(), &archives()).unwrap();
        homebrew(&written::homebrew(&sums()).unwrap(), &archives()).unwrap();
    }

    #[test]
    fn what_is_wrong_in_krew_s_is_found() {
        let text = written::krew(&sums()).unwrap();
        for (change, message) in [
            ([&*format!("v{VERSION}\n"), "v9.9.9\n"], "spec.version is \"v9.9.9\""),
            (["arch: arm64", "arch: amd64"], "lacks Target"),
            (["aaaaaa6", "aaaaaa7"], "expected aaa"),
            (["/releases/download/", "/download/"], "the address is"),
            (["bin: waypoint-xds", "bin: waypoint"], "has no file waypoint"),
            (["kind: Plugin", "kind: [Plugin"], "is not one document"),
        ] {
            let found = said(krew, &text, change).unwrap_err();
            assert!(found.contains(message), "{change:?}: {found}");
        }
    }

    #[test]
    fn what_is_wrong_in_homebrew_s_is_found() {
        let text = written::homebrew(&sums()).unwrap();
        for (change, message) in [
            ([&*format!("version \"{VERSION}\""), "version \"9.9.9\""], "version Some(\"9.9.9\")"),
            (["    end\n", ""], "lack an `end`"),
            (["\nend\n", "\nend\nend\n"], "an `end` too many"),
            (["on_arm", "on_intel"], "no block on_arm"),
            (["aaaaaa6", "aaaaaa7"], "expected aaa"),
            (["completions/_waypoint-xds", "completions/_waypoint"], "has no file completions/_waypoint"),
        ] {
            let found = said(homebrew, &text, change).unwrap_err();
            assert!(found.contains(message), "{change:?}: {found}");
        }
    }
}
