//! The rows.

use super::{Command, In};
use crate::app::App;
use crate::app::prompt::Editor;
use crate::app::screen::Pick;

type Run = fn(&mut App);

const fn command(
    name: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    when: &'static [In],
    run: Run,
) -> Command {
    Command { name, help, keys, when, mutates: false, hint: 0, run }
}

/// The same command, named by the hint bar: the smaller the number, the earlier.
const fn hinted(hint: u8, command: Command) -> Command {
    Command { hint, ..command }
}

/// The same command, which changes something in the cluster.
const fn mutating(command: Command) -> Command {
    Command { mutates: true, ..command }
}

/// Every place that has lines to move on, in the order of help.
pub const LISTS: &[In] = &[
    In::Home,
    In::Table,
    In::Detail,
    In::Trace,
    In::Rollout,
    In::Logs,
    In::LogRecord,
    In::LogPanel,
    In::Yaml,
    In::Help,
    In::Picker,
    In::Namespaces,
    In::Routes,
    In::Forwards,
];
const OBJECT: &[In] = &[In::Home, In::Table, In::Detail, In::Rollout];
const LINKED: &[In] = &[In::Home, In::Table, In::Detail, In::Trace, In::Rollout];
const LOGS: &[In] = &[In::Logs];
/// What is of use while a record stands over the lines, too.
const LOGGED: &[In] = &[In::Logs, In::LogRecord];
const RECORD: &[In] = &[In::LogRecord];
const TEXTS: &[In] = &[In::Logs, In::LogRecord, In::Yaml, In::Help];
const PANEL: &[In] = &[In::LogPanel];
const ROLLOUT: &[In] = &[In::Rollout];
const TABLE: &[In] = &[In::Table];
const ANYWHERE: &[In] = &[In::Anywhere];
const PROMPT: &[In] = &[In::Prompt];
const DIALOG: &[In] = &[In::Dialog];
const FORWARDS: &[In] = &[In::Forwards];

/// Every command. Its order is the order of help.
#[rustfmt::skip]
pub const COMMANDS: &[Command] = &[
    hinted(1, command("open", "open what is selected", &["<enter>"], &[In::Home, In::Table, In::Detail, In::Trace, In::Rollout, In::Picker, In::Namespaces, In::Routes, In::Forwards], App::open)),
    hinted(2, command("describe", "the detail: state, relations both ways, events", &["d"], LINKED, App::describe)),
    hinted(4, command("yaml", "the object as YAML", &["y"], LINKED, App::yaml)),
    hinted(3, command("switch-pane", "between the table and what stands beside it; on Home to the next part", &["<tab>"], &[In::Home, In::Table, In::Detail, In::Trace, In::Logs, In::LogRecord], App::switch_pane)),
    hinted(5, command("copy", "copy the name, or all marked names", &["c"], OBJECT, App::copy_name)),
    hinted(4, command("trace", "where the requests to it go, and why they break", &["t"], OBJECT, App::trace)),
    hinted(5, command("rollout", "how it changes: revisions, pods, what holds it up, the paths that depend on it", &["o"], &[In::Home, In::Table, In::Detail], App::rollout)),
    command("rollouts", "every rollout under way, held or stuck", &[], ANYWHERE, App::rollouts),
    hinted(3, command("history", "all revisions with cause and images, or those with pods only", &["h"], ROLLOUT, App::toggle_history)),
    hinted(4, command("compare", "choose the revision, to compare it with the newest or with another one chosen", &["<space>"], ROLLOUT, App::compare)),
    hinted(2, command("probe", "send the request for real, to the application: DNS, TCP, TLS, one GET", &["p"], &[In::Trace], App::probe)),
    hinted(6, command("live-dns", "ask this machine's DNS for the names of the path, or let go what it said", &["D"], &[In::Trace], App::live_dns)),
    hinted(6, command("host", "how the host is put together: every path, in the order of matching", &["h"], &[In::Home, In::Table, In::Detail, In::Trace, In::Routes], App::host)),
    hinted(7, command("pin", "keep the path for good: Home tells when it breaks", &["P"], &[In::Trace, In::Routes], App::pin)),
    command("traces", "paths that are pinned or were followed lately", &["T"], &[In::Home, In::Detail, In::Trace, In::Picker, In::Namespaces, In::Routes], |app| app.pick(Pick::Trace)),
    command("routes", "every host and path of the cluster, and how it is", &["R"], &[In::Anywhere], App::routes),
    hinted(3, command("edit-request", "another request: method, headers, SNI, source, entrance", &["e"], &[In::Trace], App::edit_request)),
    hinted(4, command("next-finding", "to the next finding", &["n"], &[In::Trace], App::next_finding)),
    hinted(5, command("copy-fix", "copy the selected line; on a fix, its command", &["c"], &[In::Trace], App::copy_line)),
    command("copy-namespace", "copy the namespace", &["n"], OBJECT, App::copy_namespace),
    command("owner", "to the object that owns this one", &["J"], OBJECT, App::owner),
    hinted(8, command("palette", "open a kind, namespace, context or command", &[":"], ANYWHERE, App::palette)),
    hinted(7, command("search", "search: letters in any case", &["/"], TEXTS, App::filter)),
    hinted(7, command("filter", "filter while typing", &["/"], &[In::Home, In::Table, In::Picker, In::Namespaces, In::Routes, In::Forwards], App::filter)),
    command("search-next", "the next place that was found", &["n"], TEXTS, |app| app.search_on(true)),
    command("search-previous", "the place found before", &["N"], TEXTS, |app| app.search_on(false)),
    command("audit", "every action that was confirmed, and what became of it", &[], ANYWHERE, App::audit),
    hinted(9, command("help", "every key, and what a filter can say", &["?"], ANYWHERE, App::help)),
    hinted(6, command("log-back", "back; first closes a list or record, then lets go of what is chosen, the search, the filter", &["<esc>", "q"], &[In::Logs, In::LogRecord, In::LogPanel], App::back)),
    hinted(6, command("back", "back; clears a filter first", &["<esc>", "q"], &[In::Detail, In::Trace, In::Rollout, In::Yaml, In::Help, In::Picker, In::Namespaces, In::Routes, In::Forwards], App::back)),
    command("clear", "clear the filter, then back", &["<esc>", "q"], &[In::Anywhere], App::back),
    command("previous", "the screen before", &["["], ANYWHERE, App::leave),
    command("next", "the screen that was left last", &["]"], ANYWHERE, App::forward),
    command("home", "what is wrong now, in the whole cluster", &["H"], ANYWHERE, App::go_home),
    command("contexts", "choose a context", &["<f2>"], ANYWHERE, |app| app.pick(Pick::Context)),
    command("choose-namespaces", "choose one or several namespaces", &["<f3>"], ANYWHERE, |app| app.pick(Pick::Namespace)),
    hinted(2, command("mark", "mark, for several at once", &["<space>"], &[In::Table, In::Namespaces], App::mark)),
    command("all-namespaces", "all namespaces", &["0"], OBJECT, |app| app.favourite(0)),
    command("namespace-1", "the first favourite namespace", &["1"], OBJECT, |app| app.favourite(1)),
    command("namespace-2", "the second favourite namespace", &["2"], OBJECT, |app| app.favourite(2)),
    command("namespace-3", "the third favourite namespace", &["3"], OBJECT, |app| app.favourite(3)),
    command("namespace-4", "the fourth favourite namespace", &["4"], OBJECT, |app| app.favourite(4)),
    command("namespace-5", "the fifth favourite namespace", &["5"], OBJECT, |app| app.favourite(5)),
    command("namespace-6", "the sixth favourite namespace", &["6"], OBJECT, |app| app.favourite(6)),
    command("namespace-7", "the seventh favourite namespace", &["7"], OBJECT, |app| app.favourite(7)),
    command("namespace-8", "the eighth favourite namespace", &["8"], OBJECT, |app| app.favourite(8)),
    command("namespace-9", "the ninth favourite namespace", &["9"], OBJECT, |app| app.favourite(9)),
    command("sort", "choose the column to sort by", &["O"], TABLE, |app| app.pick(Pick::Sort)),
    command("sort-by-name", "sort by name; again turns the order round", &["N"], TABLE, |app| app.sort_by(Some("NAME"))),
    command("sort-by-age", "sort by age", &["A"], TABLE, |app| app.sort_by(Some("AGE"))),
    command("sort-by-status", "sort by status", &["S"], TABLE, |app| app.sort_by(Some("STATUS"))),
    command("sort-by-restarts", "sort by restarts", &["T"], TABLE, |app| app.sort_by(Some("RESTARTS"))),
    command("sort-by-namespace", "sort by namespace", &["P"], TABLE, |app| app.sort_by(Some("NAMESPACE"))),
    command("wide", "more columns", &["w", "<ctrl-w>"], TABLE, App::toggle_wide),
    command("managed-fields", "show or fold managedFields", &["m"], &[In::Yaml], App::toggle_managed_fields),
    hinted(1, command("copy-text", "copy the text as shown", &["c"], &[In::Yaml], App::copy_text)),
    hinted(1, command("freeze", "hold the lines still, or go live", &["<space>"], LOGS, App::freeze_logs)),
    hinted(2, command("log-filter", "show only some lines: words, !not, /regex/, level:warn, source:web, field=value", &["f"], LOGGED, App::log_filter)),
    hinted(3, command("next-error", "to the next error", &["e"], LOGGED, |app| app.next_error(true))),
    command("previous-error", "to the error before", &["E"], LOGGED, |app| app.next_error(false)),
    hinted(4, command("wrap", "break long lines, or move them", &["w"], LOGS, App::wrap_logs)),
    hinted(5, command("previous-run", "the run before this one, and back", &["p"], LOGS, App::previous_logs)),
    command("log-times", "time, date and time, or none", &["t"], LOGS, App::log_times),
    command("raw", "lines as they are, or JSON and logfmt taken apart", &["r"], LOGS, App::raw_logs),
    command("order", "by time, or as lines come", &["o"], LOGS, App::log_order),
    hinted(6, command("record", "everything in the line, its fields one below the other", &["<enter>"], LOGS, App::log_record)),
    hinted(1, command("log-lines", "back to the lines", &["<enter>"], RECORD, App::log_record)),
    hinted(6, command("sources", "the streams: rate, lines, state; hide them or show one alone", &["P"], &[In::Logs, In::LogPanel], App::log_sources)),
    hinted(7, command("filters", "the filter's terms: switch them off, take them away", &["F"], &[In::Logs, In::LogPanel], App::log_filters)),
    hinted(1, command("toggle-entry", "hide or show the stream; switch the term off or on", &["<space>"], PANEL, App::toggle_log_entry)),
    hinted(2, command("only-entry", "only this stream, or all again; change the filter", &["<enter>"], PANEL, App::choose_log_entry)),
    hinted(3, command("remove-entry", "take the term away", &["d", "<delete>"], PANEL, App::remove_log_entry)),
    command("fold", "show lines that repeat once: the same text, the same but for numbers, or all", &["z"], LOGS, App::fold_logs),
    hinted(8, command("histogram", "lines and errors over time", &["i"], LOGS, App::log_histogram)),
    command("bar-on", "to the next bar of the lines over time", &[">"], LOGS, |app| app.step_bar(true)),
    command("bar-back", "to the bar before", &["<lt>"], LOGS, |app| app.step_bar(false)),
    command("more-context", "one more line around each match", &["+"], LOGS, |app| app.log_context(1)),
    command("less-context", "one line less around each match", &["-"], LOGS, |app| app.log_context(-1)),
    command("next-word", "to the next word of the line", &["."], LOGS, |app| app.log_word(true)),
    command("previous-word", "to the word before", &[","], LOGS, |app| app.log_word(false)),
    command("exclude-word", "hide lines with the word", &["X"], LOGS, |app| app.filter_word(true)),
    command("include-word", "only lines with the word", &["*"], LOGS, |app| app.filter_word(false)),
    command("elapsed", "times counted from this line on, or as they are", &["T"], LOGS, App::log_elapsed),
    command("colours", "keep the application's colours, or not", &["K"], LOGS, App::log_colours),
    command("go-to-time", "to a time: 12:03, 12:03:07, -10m; behind : too", &["@"], LOGS, App::ask_log_time),
    command("range", "begin a range here, which c, C and s take", &["v"], LOGS, App::log_range),
    command("range-from-mark", "the range from the mark before to here", &["M"], LOGS, App::log_range_from_mark),
    hinted(8, command("save", "save the range, or every line that is shown, to a file", &["s"], LOGS, App::ask_log_file)),
    command("full-logs", "logs beside the table, or on the whole screen", &["Z"], LOGS, App::zoom_logs),
    command("pan-right", "move long lines to the left", &["<right>"], LOGS, |app| app.pan_logs(true)),
    command("pan-left", "move long lines back", &["<left>"], LOGS, |app| app.pan_logs(false)),
    command("minute-on", "one minute on", &["}"], LOGS, |app| app.minute_logs(true)),
    command("minute-back", "one minute back", &["{"], LOGS, |app| app.minute_logs(false)),
    command("bookmark", "mark the line", &["m"], LOGGED, App::bookmark),
    command("next-bookmark", "to the next marked line", &["'"], LOGGED, App::next_bookmark),
    hinted(4, command("follow-id", "only lines with the same trace or request id, of every stream", &["x"], LOGGED, App::follow_id)),
    hinted(5, command("copy-log", "copy the line, or the range", &["c"], LOGGED, |app| app.copy_log(false))),
    command("copy-log-full", "copy the line or the range, with stream and time", &["C"], LOGGED, |app| app.copy_log(true)),
    command("copy-all", "copy every line that is shown", &["Y"], LOGS, App::copy_logs),
    command("all-streams", "read all streams, however many", &["A"], LOGS, App::all_logs),
    command("down", "one line down", &["j", "<down>"], LISTS, |app| app.step(1)),
    command("up", "one line up", &["k", "<up>"], LISTS, |app| app.step(-1)),
    command("page-down", "one page down", &["<ctrl-f>", "<pagedown>"], LISTS, |app| app.page(1)),
    command("page-up", "one page up", &["<ctrl-b>", "<pageup>"], LISTS, |app| app.page(-1)),
    command("top", "to the first line", &["g", "<home>"], LISTS, |app| app.step(isize::MIN)),
    command("bottom", "to the last line", &["G", "<end>"], LISTS, |app| app.step(isize::MAX)),
    hinted(3, command("logs", "the logs of it, or of everything behind it", &["l"], &[In::Home, In::Table, In::Detail, In::Trace, In::Rollout, In::Yaml, In::Namespaces, In::Routes], App::logs)),
    hinted(5, command("actions", "everything that can be done to it, and whether you may", &["a"], OBJECT, App::actions)),
    hinted(6, mutating(command("restart", "replace every pod of a Deployment, StatefulSet, DaemonSet or Rollout, after a question", &["r"], OBJECT, |app| app.act("restart")))),
    hinted(6, mutating(command("scale", "another number of replicas", &["s"], OBJECT, |app| app.act("scale")))),
    hinted(6, mutating(command("undo", "the revision before; :undo 3 for another one", &["u"], OBJECT, App::undo))),
    hinted(7, mutating(command("pause", "changes of a Deployment's template wait; a Rollout stays at its step", &["p"], OBJECT, |app| app.act("pause")))),
    hinted(7, mutating(command("resume", "what waited in a paused Deployment or Rollout rolls out", &["p"], OBJECT, |app| app.act("resume")))),
    hinted(6, mutating(command("image", "another image: container=image", &["i"], OBJECT, |app| app.act("image")))),
    hinted(7, mutating(command("partition", "which pods of a StatefulSet may get a new template", &[], OBJECT, |app| app.act("partition")))),
    hinted(6, mutating(command("trigger", "run a CronJob now; :trigger NAME names the Job", &["x"], OBJECT, |app| app.act("trigger")))),
    hinted(7, mutating(command("suspend-cronjob", "make no Jobs any more", &["p"], OBJECT, |app| app.act("suspend-cronjob")))),
    hinted(7, mutating(command("resume-cronjob", "make Jobs again", &["p"], OBJECT, |app| app.act("resume-cronjob")))),
    hinted(6, mutating(command("switch", "send a Service's requests to another version", &["b"], OBJECT, |app| app.act("switch")))),
    hinted(6, mutating(command("weight", "the share of a canary, of the backends of a route", &["W"], OBJECT, |app| app.act("weight")))),
    hinted(6, mutating(command("promote", "end the pause of an Argo Rollout, or go on to its next step", &["b"], OBJECT, |app| app.act("promote")))),
    hinted(7, mutating(command("promote-full", "go on to the end of an Argo Rollout at once: no steps, pauses and analyses any more", &["B"], OBJECT, |app| app.act("promote-full")))),
    hinted(6, mutating(command("abort", "go back to the good pods of an Argo Rollout; its template stays", &["x"], OBJECT, |app| app.act("abort")))),
    hinted(6, mutating(command("retry-rollout", "begin the steps of an aborted Argo Rollout again; retry alone is for the server", &["x"], OBJECT, |app| app.act("retry-rollout")))),
    hinted(6, mutating(command("forward", "a port of this machine leads to a port of it; :forward 8080:80 says which", &["F"], OBJECT, |app| app.act("forward")))),
    command("forwards", "ports that are forwarded", &[], ANYWHERE, App::list_forwards),
    hinted(2, command("close-forward", "close it; one that has ended leaves the list", &["x", "<ctrl-d>"], FORWARDS, App::close_forward)),
    hinted(3, command("copy-address", "copy its URL", &["y", "c"], FORWARDS, App::copy_forward)),
    hinted(6, mutating(command("evict", "ask a pod to leave, if its disruption budgets allow it", &["E"], OBJECT, |app| app.act("evict")))),
    hinted(6, mutating(command("cordon", "keep new pods away from a node", &["C"], OBJECT, |app| app.act("cordon")))),
    hinted(6, mutating(command("uncordon", "let new pods come to a node again", &["u"], OBJECT, |app| app.act("uncordon")))),
    hinted(7, mutating(command("drain", "ask every pod of a node to leave; :drain emptydir force says more", &["D"], OBJECT, |app| app.act("drain")))),
    command("halt", "stop a drain, or an action on several objects; what was done stays", &[], ANYWHERE, App::halt),
    hinted(8, mutating(command("delete", "delete the object; :delete orphan, :delete foreground, :delete force", &["<ctrl-d>"], OBJECT, |app| app.act("delete")))),
    mutating(command("take-back", "take back the last action of this run; else the rollout of the workload, or of each that is marked", &["z"], OBJECT, App::undo_last)),
    hinted(5, mutating(command("exec", "a shell in a container of a pod, or :exec app -- ls for a command", &["s"], OBJECT, App::exec))),
    mutating(command("shell", "the same as exec", &[], OBJECT, App::exec)),
    mutating(command("attach", "a container's own process, with this terminal", &[], OBJECT, |app| app.act("attach"))),
    mutating(command("debug", "add a container with tools to a pod; :debug busybox app says which, and beside which", &[], OBJECT, |app| app.act("debug"))),
    mutating(command("copy-out", "copy files out of a container: :copy-out /var/log here", &[], OBJECT, |app| app.act("copy-out"))),
    hinted(7, mutating(command("edit", "edit the object in $EDITOR; what would change is shown before", &["e"], OBJECT, |app| app.act("edit")))),
    mutating(command("apply", "apply a file, or a folder of files: :apply FILE", &[], ANYWHERE, |app| app.apply(""))),
    command("retry", "try the server again now; draw anew", &["<ctrl-r>"], ANYWHERE, App::retry),
    command("suspend", "back to the shell until fg", &["<ctrl-z>"], &[In::Anywhere, In::Prompt, In::Dialog], App::suspend),
    command("quit", "end kplumb", &["<ctrl-c>"], &[In::Anywhere, In::Prompt, In::Dialog], App::quit),
    hinted(1, command("dialog-cancel", "do nothing", &["<esc>"], DIALOG, App::dialog_cancel)),
    hinted(2, command("dialog-other", "the other button", &["<tab>"], DIALOG, App::dialog_other)),
    command("dialog-left", "one character left, or the other button", &["<left>"], DIALOG, |app| app.dialog_move(Editor::left)),
    command("dialog-right", "one character right, or the other button", &["<right>"], DIALOG, |app| app.dialog_move(Editor::right)),
    command("dialog-down", "more of what would happen", &["<down>", "<pagedown>"], DIALOG, |app| app.dialog_scroll(5)),
    command("dialog-up", "back up", &["<up>", "<pageup>"], DIALOG, |app| app.dialog_scroll(-5)),
    command("dialog-clear", "delete to the start of what is typed", &["<ctrl-u>"], DIALOG, |app| app.dialog_edit(Editor::delete_to_start)),
    command("dialog-word", "delete the word before the cursor", &["<ctrl-w>"], DIALOG, |app| app.dialog_edit(Editor::delete_word)),
    hinted(3, command("dialog-press", "press the chosen button, or take what was typed", &["<enter>"], DIALOG, App::dialog_press)),
    hinted(4, command("dialog-yes", "do it, where one key is enough", &["y"], DIALOG, App::dialog_yes)),
    hinted(1, command("accept", "run or keep what was typed", &["<enter>"], PROMPT, App::prompt_accept)),
    hinted(2, command("cancel", "leave everything as it was before", &["<esc>"], PROMPT, App::prompt_cancel)),
    hinted(3, command("complete", "take over the offer", &["<tab>"], PROMPT, App::prompt_complete)),
    command("next-offer", "the next offer", &["<down>", "<ctrl-n>"], PROMPT, |app| app.prompt_choose(1)),
    command("previous-offer", "the offer before", &["<up>", "<ctrl-p>"], PROMPT, |app| app.prompt_choose(-1)),
    command("delete-word", "delete the word before the cursor", &["<ctrl-w>"], PROMPT, |app| app.prompt_edit(Editor::delete_word)),
    command("delete-line", "delete to the start of the line", &["<ctrl-u>"], PROMPT, |app| app.prompt_edit(Editor::delete_to_start)),
    command("line-start", "to the start of the line", &["<home>", "<ctrl-a>"], PROMPT, |app| app.prompt_edit(Editor::home)),
    command("line-end", "to the end of the line", &["<end>", "<ctrl-e>"], PROMPT, |app| app.prompt_edit(Editor::end)),
    command("left", "one character left", &["<left>"], PROMPT, |app| app.prompt_edit(Editor::left)),
    command("right", "one character right", &["<right>"], PROMPT, |app| app.prompt_edit(Editor::right)),
];
