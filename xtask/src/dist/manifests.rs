//! The manifests of package managers, filled in with the sums of what was made.

use std::fmt::Write as _;
use std::path::Path;

use super::{Target, VERSION, sum};
use crate::Result;

pub(super) const HOME: &str = "https://github.com/waypoint-xds/waypoint-xds";
pub(super) const SUMMARY: &str = "Istio ambient mode from YAML: who enforces what, and why";

/// Writes them for the targets that were made.
pub(super) fn write(targets: &[Target], out: &Path) -> Result<()> {
    let sums: Vec<(Target, String)> = targets
        .iter()
        .map(|target| Ok((*target, sum(&out.join(target.archive()))?)))
        .collect::<Result<_>>()?;
    std::fs::write(out.join("waypoint-xds.krew.yaml"), krew(&sums)?)?;
    Ok(std::fs::write(out.join("waypoint-xds.rb"), homebrew(&sums)?)?)
}

/// Where a release has a target's archive.
pub(super) fn address(target: Target) -> String {
    format!("{HOME}/releases/download/v{VERSION}/{}", target.archive())
}

/// For krew's index: `kubectl krew install waypoint-xds`.
pub(super) fn krew(sums: &[(Target, String)]) -> Result<String> {
    let mut text = format!(
        "apiVersion: krew.googlecontainertools.github.com/v1alpha2\n\
         kind: Plugin\n\
         metadata:\n  name: waypoint-xds\n\
         spec:\n  version: v{VERSION}\n  homepage: {HOME}\n  shortDescription: {SUMMARY:?}\n  \
         description: |\n    Takes Kubernetes and Istio objects as YAML, and tells who enforces which policy, what comes of a\n    \
         request, what a change changes, and what the Envoy of each waypoint gets.\n  platforms:\n"
    );
    for (target, sum) in sums {
        write!(
            text,
            "  - selector:\n      matchLabels: {{os: linux, arch: {}}}\n    uri: {}\n    sha256: {sum}\n    \
             bin: waypoint-xds\n    files:\n    - {{from: waypoint-xds, to: .}}\n    - {{from: LICENSE, to: .}}\n",
            target.go,
            address(*target),
        )?;
    }
    Ok(text)
}

/// A formula for a tap.
pub(super) fn homebrew(sums: &[(Target, String)]) -> Result<String> {
    let mut text = format!(
        "class WaypointXds < Formula\n  desc \"{SUMMARY}\"\n  homepage \"{HOME}\"\n  version \"{VERSION}\"\n  license \"Apache-2.0\"\n\n"
    );
    for (target, sum) in sums {
        let cpu = if target.arch == "x86_64" { "intel" } else { "arm" };
        write!(
            text,
            "  on_linux do\n    on_{cpu} do\n      url \"{}\"\n      sha256 \"{sum}\"\n    end\n  end\n\n",
            address(*target),
        )?;
    }
    text.push_str(
        "  def install\n    bin.install \"waypoint-xds\", \"kubectl-waypoint_xds\"\n    man1.install Dir[\"man/*.1\"]\n    \
         bash_completion.install \"completions/waypoint-xds.bash\" => \"waypoint-xds\"\n    \
         zsh_completion.install \"completions/_waypoint-xds\"\n    fish_completion.install \"completions/waypoint-xds.fish\"\n  end\n\n  \
         test do\n    assert_match version.to_s, shell_output(\"#{bin}/waypoint-xds --version\")\n  end\nend\n",
    );
    Ok(text)
}
