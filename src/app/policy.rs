//! What may be done to a cluster: asked for by the flags, granted here, said in the title of every screen.

/// What may be done to a cluster. Each connection has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing can be written.
    #[default]
    Observe,
    /// Dry runs too.
    Preview,
    /// Everything that the policy allows, each after a confirmation.
    Operate,
}

impl Mode {
    /// Its word in the title.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Preview => "preview",
            Self::Operate => "operate",
        }
    }
}

/// What is granted of what was asked for: nothing in this version can write, so every connection observes.
pub fn granted(asked: Mode) -> Mode {
    match asked {
        Mode::Observe | Mode::Preview | Mode::Operate => Mode::Observe,
    }
}

/// Why less was granted than was asked for; none where all of it was.
pub fn refusal(asked: Mode) -> Option<String> {
    let word = asked.word();
    (granted(asked) != asked).then(|| format!("{word} is not there yet: nothing in this version can write"))
}
