//! `:` and `/`: what is typed, what is offered, and what happens on Enter.

use crate::app::App;
use crate::app::acts;
use crate::app::command::{self, COMMANDS, In};
use crate::app::draft::Folder;
use crate::app::effect::Effect;
use crate::app::notice::Notice;
use crate::app::prompt::{Editor, Prompt, Purpose};
use crate::app::screen::{Pick, Screen, TableScreen};
use crate::app::session::Session;
use crate::kinds::service::facts::ServiceType;
use crate::kinds::{Facts, GATEWAY, KindId, ObjectRef, POD, SERVICE};
use crate::view::filter::Filter;
use crate::view::search::{self, Offer, Wish, World};
use crate::view::table::Namespaces;
use crate::view::trace::{self, vantage};
use std::sync::Arc;

impl App {
    /// The line being typed.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    pub(super) fn palette(&mut self) {
        // The folder may hold other files by now.
        self.folder = Folder::default();
        self.prompt = Some(Prompt::new(Purpose::Palette, ""));
    }

    pub(super) fn filter(&mut self) {
        let text = match self.session().map(Session::screen) {
            Some(Screen::Table(table)) => table.filter.text().to_owned(),
            Some(Screen::Picker(picker)) => picker.filter.clone(),
            Some(Screen::Home(home)) => home.filter.clone(),
            Some(Screen::Yaml(_) | Screen::Help(_) | Screen::Logs(_)) => {
                self.prompt = Some(Prompt::new(Purpose::Search, ""));
                return;
            }
            _ => return,
        };
        self.prompt = Some(Prompt::new(Purpose::Filter, &text));
    }

    /// The filter of the log screen, beside which `/` searches.
    pub(super) fn log_filter(&mut self) {
        if let Some(Screen::Logs(screen)) = self.session().map(Session::screen) {
            let view = self.session().and_then(|session| session.logs.get(&screen.ticket));
            let text = view.map_or_else(String::new, |view| view.tail.filter().text());
            self.prompt = Some(Prompt::new(Purpose::Filter, &text));
        }
    }

    pub(super) fn prompt_type(&mut self, text: &str) {
        self.prompt_edit(|editor| editor.insert(text));
    }

    pub(super) fn prompt_backspace(&mut self) {
        let mut emptied = false;
        self.prompt_edit(|editor| emptied = !editor.backspace());
        if emptied {
            self.prompt_cancel();
        }
    }

    pub(super) fn prompt_edit(&mut self, edit: impl FnOnce(&mut Editor)) {
        let Some(prompt) = &mut self.prompt else { return };
        edit(&mut prompt.editor);
        prompt.selected = 0;
        prompt.error = None;
        let text = prompt.editor.text().to_owned();
        match prompt.purpose {
            Purpose::Filter => self.set_filter(&text),
            Purpose::Search => self.search_for(&text),
            Purpose::Palette => self.list_files(),
            Purpose::Time | Purpose::File => {}
        }
    }

    /// Looks into the folder of the file that is typed behind `apply`.
    fn list_files(&mut self) {
        let Some(prompt) = self.prompt.as_ref().filter(|prompt| prompt.purpose == Purpose::Palette) else { return };
        let line = prompt.editor.text().trim_start().trim_start_matches(':');
        let Some(typed) = line.strip_prefix("apply ").map(str::trim_start) else { return };
        let path = typed.rfind('/').map_or("", |at| &typed[..=at]);
        if self.folder.path.as_deref() != Some(path) {
            self.folder = Folder { path: Some(path.to_owned()), files: Vec::new() };
            self.out.push(Effect::List(path.to_owned()));
        }
    }

    /// What stands in a folder, unless another one is typed by now.
    pub(super) fn listed(&mut self, folder: Folder) {
        if self.folder.path == folder.path {
            self.folder = folder;
        }
    }

    /// Enter: what was typed if it means something, else the selected offer.
    pub(super) fn prompt_accept(&mut self) {
        let Some(prompt) = &self.prompt else { return };
        let (selected, typed) = (prompt.selected, prompt.editor.text().trim().to_owned());
        let is_settled = match prompt.purpose {
            Purpose::Filter => {
                self.settle_log_filter();
                true
            }
            Purpose::Search => {
                self.search_logs_from_here();
                true
            }
            Purpose::Time => {
                self.go_to_typed_time(&typed);
                true
            }
            Purpose::File => {
                self.save_logs(&typed);
                true
            }
            Purpose::Palette => (typed.is_empty() && selected == 0) || self.go_to_time(&typed),
        };
        if is_settled {
            self.prompt = None;
            return;
        }
        let offers = self.offers(&typed);
        let chosen = offers.get(selected.min(offers.len().saturating_sub(1))).map(|offer| offer.line.clone());
        let means = self.with_world(|world| search::wish(&typed, world).is_ok() && !is_beginning(&typed, world));
        match chosen {
            Some(line) if 0 < selected || !means => self.run_typed(&line),
            _ => self.run_typed(&typed),
        }
    }

    /// Runs a line that was typed; one that cannot be run stays, with what is wrong with it, to be mended.
    fn run_typed(&mut self, line: &str) {
        let wish = self.with_world(|world| search::wish(line, world));
        let stranger = wish.as_ref().ok().and_then(|wish| self.stranger(wish));
        match (wish, &mut self.prompt) {
            (Ok(wish), prompt) => {
                if let (Some(why), Some(prompt)) = (stranger, prompt) {
                    prompt.error = Some(why);
                    return;
                }
                self.prompt = None;
                self.grant(wish);
            }
            (Err(why), Some(prompt)) => {
                if prompt.editor.text().trim() != line {
                    prompt.editor.set(line);
                }
                prompt.error = Some(why);
            }
            (Err(_), None) => {}
        }
    }

    pub(super) fn prompt_cancel(&mut self) {
        let Some(prompt) = self.prompt.take() else { return };
        match prompt.purpose {
            Purpose::Filter => self.set_filter(&prompt.before),
            Purpose::Search => self.search.text.clear(),
            Purpose::Palette | Purpose::Time | Purpose::File => {}
        }
    }

    /// Tab: takes over the selected offer.
    pub(super) fn prompt_complete(&mut self) {
        let Some(prompt) = &self.prompt else { return };
        let offers = self.offers(prompt.editor.text());
        let chosen = offers.into_iter().nth(prompt.selected);
        if let (Some(prompt), Some(offer)) = (&mut self.prompt, chosen) {
            prompt.editor.set(&offer.line);
            prompt.selected = 0;
        }
        self.list_files();
    }

    /// A click on an offer selects it; on the selected one it runs it.
    pub(super) fn click_offer(&mut self, line: usize, height: usize) {
        let Some(prompt) = &self.prompt else { return };
        let all = self.offers(prompt.editor.text()).len();
        let selected = prompt.selected.min(all.saturating_sub(1));
        let index = selected.saturating_sub(height.saturating_sub(1)) + line;
        if all <= index {
            return;
        }
        if index == selected {
            return self.prompt_accept_offer(index);
        }
        if let Some(prompt) = &mut self.prompt {
            prompt.selected = index;
        }
    }

    fn prompt_accept_offer(&mut self, index: usize) {
        let Some(prompt) = self.prompt.take() else { return };
        let offers = self.offers(prompt.editor.text());
        if let Some(offer) = offers.into_iter().nth(index) {
            self.run_line(&offer.line);
        }
    }

    pub(super) fn prompt_choose(&mut self, by: isize) {
        let Some(prompt) = &self.prompt else { return };
        let all = self.offers(prompt.editor.text()).len();
        if let Some(prompt) = &mut self.prompt {
            prompt.selected = prompt.selected.saturating_add_signed(by).min(all.saturating_sub(1));
        }
    }

    /// What the palette offers for a line; nothing for a filter.
    pub(super) fn offers(&self, line: &str) -> Vec<Offer> {
        match &self.prompt {
            Some(prompt) if prompt.purpose != Purpose::Palette => Vec::new(),
            _ => self.with_world(|world| search::offers(line, world)),
        }
    }

    fn with_world<T>(&self, ask: impl FnOnce(&World) -> T) -> T {
        let builtin;
        let catalog = match self.session() {
            Some(session) => &session.catalog,
            None => {
                builtin = crate::kinds::Catalog::builtin();
                &builtin
            }
        };
        let namespaces = self.session().map_or_else(Vec::new, Session::known_namespaces);
        // Requests are many, and only offered behind this word.
        let line = self.prompt().map_or("", |prompt| prompt.editor.text());
        let line = line.trim_start().trim_start_matches(':');
        let session = self.session().filter(|_| line.starts_with("trace") || line.starts_with("host"));
        let urls = session.map_or_else(Vec::new, Session::known_requests);
        // The sources and entrances of requests stand behind their options.
        let entrances = session.filter(|_| line.contains("--via")).map_or_else(Vec::new, entrances);
        let rolls = self.session().filter(|_| line.starts_with("rollout "));
        let workloads = rolls.map_or_else(Vec::new, crate::app::rollout::workloads);
        let pods = session.filter(|_| line.contains("--from-pod")).map_or_else(Vec::new, pods);
        let commands = COMMANDS.iter().filter(|command| !command.when.contains(&In::Prompt));
        let commands: Vec<(&'static str, &'static str)> = commands.map(|c| (c.name, c.help)).collect();
        ask(&World {
            catalog,
            contexts: &self.contexts,
            urls: &urls,
            entrances: &entrances,
            pods: &pods,
            workloads: &workloads,
            files: &self.folder.files,
            namespaces: &namespaces,
            commands: &commands,
            aliases: &self.settings.aliases,
        })
    }

    /// Compiles a filter for the screen on top; what cannot be read leaves the last good one in force, with the error beside it.
    pub(super) fn set_filter(&mut self, text: &str) {
        if matches!(self.session().map(Session::screen), Some(Screen::Logs(_))) {
            return self.set_log_filter(text);
        }
        let Some(session) = self.session_mut() else { return };
        let Some(top) = session.screens.last_mut() else { return };
        match top {
            Screen::Table(table) => {
                let columns = session.catalog.get(table.kind).map_or(&[][..], |kind| kind.columns.as_ref());
                match Filter::parse(text, columns) {
                    Ok(filter) => (table.filter, table.error) = (filter, None),
                    Err(error) => table.error = Some(error),
                }
            }
            Screen::Picker(picker) => text.clone_into(&mut picker.filter),
            Screen::Home(home) => text.clone_into(&mut home.filter),
            _ => {}
        }
    }

    /// Reads a filter that is being typed once more: columns that it names may have come.
    pub(super) fn filter_anew(&mut self) {
        if let Some(prompt) = self.prompt.as_ref().filter(|prompt| prompt.purpose == Purpose::Filter) {
            let text = prompt.editor.text().to_owned();
            self.set_filter(&text);
        }
    }

    /// Runs one line of the palette.
    pub(super) fn run_line(&mut self, line: &str) {
        match self.with_world(|world| search::wish(line, world)) {
            Ok(wish) => self.grant(wish),
            Err(why) => self.notice = Some(Notice { is_failure: true, ..Notice::new(why, self.now) }),
        }
    }

    /// The same, for a line that may name a kind of which only the server knows: then it waits for its answer.
    pub(super) fn run_when_known(&mut self, line: &str) {
        match self.with_world(|world| search::wish(line, world)) {
            Ok(wish) => self.grant(wish),
            Err(why) => match self.session_mut().filter(|session| !session.is_live()) {
                Some(session) => session.wanted = Some(line.to_owned()),
                None => self.notice = Some(Notice { is_failure: true, ..Notice::new(why, self.now) }),
            },
        }
    }

    /// What is wrong with the place from which a request is to be sent, where nobody is there.
    fn stranger(&self, wish: &Wish) -> Option<String> {
        let (Wish::Trace(request), Some(session)) = (wish, self.session()) else { return None };
        let given = (&session.paths.answers, &session.paths.probes);
        vantage::missing(&trace::world::World::new(&session.cluster, &session.catalog, self.now, given), request)
    }

    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::Kind { kind, namespaces, filter } => self.open_kind(kind, namespaces, filter.as_deref()),
            Wish::Elsewhere { context, line } => {
                self.switch_context(&context);
                if !line.is_empty() {
                    self.run_when_known(&line);
                }
            }
            Wish::Contexts => self.pick(Pick::Context),
            Wish::Namespaces => self.pick(Pick::Namespace),
            Wish::Choose(namespaces) => self.use_namespaces(namespaces),
            Wish::Home => self.go_home(),
            Wish::Quit => self.quit(),
            Wish::Trace(request) => self.follow(*request),
            Wish::Host(host) => self.open_host(host),
            Wish::Rollout(name) => self.rollout_of(&name),
            Wish::CommandWith("apply", path) => self.apply(&path),
            Wish::CommandWith(name, rest) if acts::find(name).is_some() => self.act_with(name, Some(&rest)),
            Wish::Command(name) | Wish::CommandWith(name, _) => {
                if let Some(command) = command::find(name) {
                    (command.run)(self);
                }
            }
        }
    }

    fn open_kind(&mut self, kind: KindId, namespaces: Option<Namespaces>, filter: Option<&str>) {
        let Some(session) = self.session_mut() else { return };
        if let Some(namespaces) = namespaces {
            session.choose(namespaces);
        }
        let on_top = matches!(session.screen(), Screen::Table(table) if table.kind == kind);
        if !on_top {
            self.push(Screen::Table(TableScreen::new(kind)));
        }
        if let Some(filter) = filter {
            self.set_filter(filter);
        }
    }
}

/// By what requests can enter, as `--via` writes it: Gateways and Services with an address outside.
fn entrances(session: &Session) -> Vec<Arc<str>> {
    let line = |kind: &str, key: &ObjectRef| {
        Arc::from(format!("{kind}/{}/{}", key.namespace.as_deref().unwrap_or(""), key.name))
    };
    let gateways = session.cluster.of(GATEWAY).map(|record| line("Gateway", &record.key));
    let services = session.cluster.of(SERVICE).filter(|record| match &record.digest.facts {
        Facts::Service(facts) => matches!(facts.kind, ServiceType::LoadBalancer | ServiceType::NodePort),
        _ => false,
    });
    gateways.chain(services.map(|record| line("Service", &record.key))).collect()
}

/// Every pod, as `--from-pod` writes it.
fn pods(session: &Session) -> Vec<Arc<str>> {
    let pods = session.cluster.of(POD);
    pods.map(|pod| Arc::from(format!("{}/{}", pod.key.namespace.as_deref().unwrap_or(""), pod.key.name))).collect()
}

/// Whether a line ends in a namespace that nobody knows but that others begin with: then an offer is meant.
fn is_beginning(line: &str, world: &World) -> bool {
    let Some((head, rest)) = line.trim().split_once(char::is_whitespace) else { return false };
    let rest = rest.trim();
    let plain = head != "apply" && !rest.contains(['/', '=', '@', ' ', ',']) && rest != "all" && !rest.starts_with('-');
    plain
        && !world.namespaces.iter().any(|name| **name == *rest)
        && world.namespaces.iter().any(|name| name.starts_with(rest))
}
