//! The list of roles: what a theme can give a style to.

/// Declares the roles once: variant, name in themes, what it is for.
macro_rules! roles {
    ($($role:ident $name:literal $doc:literal,)*) => {
        /// Something that has a look of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $(#[doc = $doc] $role,)*
        }

        impl Role {
            /// How many there are.
            pub const COUNT: usize = [$($name),*].len();
            /// All of them, in order.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$role),*];

            /// Its name in a theme.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)*
                }
            }
        }
    };
}

roles! {
    Text "text" "Everything that has no role of its own; its background is the screen's.",
    Dim "dim" "Words that may be passed over.",
    Strong "strong" "The sentence that answers the question.",
    Title "title" "The line that says where I am.",
    TitleContext "title.context" "The context in it.",
    Mode "mode" "The mode, where nothing can be changed.",
    ModeOperate "mode.operate" "The mode, where things can be changed.",
    Border "border" "Thin rules.",
    BorderFocus "border.focus" "The rule beside the pane that has the keys.",
    Header "header" "Headings of columns.",
    HeaderSorted "header.sorted" "The heading that rows are sorted by.",
    Label "label" "Names of fields and sections.",
    Link "link" "What can be opened.",
    Selection "selection" "The selected row, over the style of its cells.",
    SelectionMark "selection.mark" "The bar before the selected row.",
    Changed "changed" "The mark beside a cell that has just changed.",
    Match "match" "Letters that match what was typed.",
    Key "key" "Keys that can be pressed.",
    KeyOff "key.off" "Keys that may not be pressed now.",
    Prompt "prompt" "The line that is typed into.",
    PromptCursor "prompt.cursor" "The cursor in it.",
    Ready "ready" "Symbol and word of what is well.",
    Progressing "progressing" "Symbol and word of what is under way.",
    Warn "warn" "Symbol and word of what wants a look.",
    Failed "failed" "Symbol and word of what is broken.",
    Unknown "unknown" "Symbol and word of what cannot be told.",
    Danger "danger" "What must be seen before anything else.",
    Off "off" "Symbol and word of what was not reached or has no health.",
    Yaml "yaml" "Text of YAML.",
    YamlKey "yaml.key" "Keys of YAML.",
    YamlString "yaml.string" "Strings of YAML.",
    YamlNumber "yaml.number" "Numbers, true, false and null of YAML.",
    Scroll "scroll" "The bar that says which part is shown.",
}

impl Role {
    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whose style it takes where a theme gives it none: the name without its last part, in the end `text`.
    pub fn fallback(self) -> Option<Self> {
        if self == Self::Text {
            return None;
        }
        let shorter = self.name().rsplit_once('.').and_then(|(head, _)| Self::named(head));
        Some(shorter.unwrap_or(Self::Text))
    }
}
