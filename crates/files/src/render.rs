//! Directories that another program renders.

use std::path::Path;
use std::process::Command;

use waypoint_xds::text::SourceFile;

use crate::FileError;

/// A program that makes objects of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renderer {
    /// `helm template`.
    Helm,
    /// `kustomize build`, else `kubectl kustomize`.
    Kustomize,
}

impl Renderer {
    /// What stands before a directory that is to be rendered: `helm:` or `kustomize:`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Helm => "helm:",
            Self::Kustomize => "kustomize:",
        }
    }

    /// The commands that do it, the first that is installed counts.
    const fn commands(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Helm => &[&["helm", "template"]],
            Self::Kustomize => &[&["kustomize", "build"], &["kubectl", "kustomize"]],
        }
    }

    /// What the program makes of a directory.
    pub(crate) fn render(self, directory: &Path) -> Result<SourceFile, FileError> {
        for command in self.commands() {
            let Some((program, arguments)) = command.split_first() else { continue };
            let failed = |reason: String| FileError::Rendering {
                command: format!("{} {}", command.join(" "), directory.display()),
                reason,
            };
            match Command::new(program).args(arguments).arg(directory).output() {
                Ok(output) if output.status.success() => {
                    let name = format!("{}{}", self.prefix(), directory.display());
                    return Ok(SourceFile::from_bytes(name, &output.stdout));
                }
                Ok(output) => return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error.to_string())),
            }
        }
        let commands: Vec<String> = self.commands().iter().map(|command| command.join(" ")).collect();
        Err(FileError::Rendering {
            command: format!("{}{}", self.prefix(), directory.display()),
            reason: format!("none of these is installed: {}", commands.join(", ")),
        })
    }
}

/// The program and the directory of a path such as `helm:charts/shop`. A file of that name counts as a file.
pub(crate) fn parse(path: &Path) -> Option<(Renderer, &Path)> {
    let text = path.to_str().filter(|_| !path.exists())?;
    [Renderer::Helm, Renderer::Kustomize]
        .into_iter()
        .find_map(|renderer| Some((renderer, Path::new(text.strip_prefix(renderer.prefix())?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_names_the_program() {
        assert_eq!(parse(Path::new("helm:a/b")), Some((Renderer::Helm, Path::new("a/b"))));
        assert_eq!(parse(Path::new("kustomize:.")), Some((Renderer::Kustomize, Path::new("."))));
        assert_eq!(parse(Path::new("a/helm:b")), None);
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_told() {
        let error = Renderer::Kustomize.render(Path::new("no/such/folder")).unwrap_err();
        assert!(matches!(error, FileError::Rendering { .. }), "{error}");
        assert!(error.to_string().contains("no/such/folder"), "{error}");
    }
}
