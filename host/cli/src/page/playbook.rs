use std::fmt::Write as _;

use palisade_model::plugin::PlaybookManifest;

use super::{
    fields, head,
    markdown::{code, table},
};

pub(super) fn page(playbook: &PlaybookManifest) -> String {
    let mut page = head("playbook", &playbook.identity);
    let labels: Vec<_> = playbook.labels.iter().map(|label| code(label)).collect();
    let runs = if labels.is_empty() {
        "Only a person starts it.".to_owned()
    } else {
        format!("It runs on alerts with the label {}.", labels.join(" or "))
    };
    let _ = write!(
        page,
        "\n{runs} The same work takes an analyst {} minutes by hand.\n",
        playbook.manual_minutes
    );

    let configuration = fields::given(&playbook.configuration);
    if !configuration.is_empty() {
        let about = fields::about(&playbook.configuration);
        let _ = write!(page, "\n## Configuration\n\n{about}{configuration}");
    }
    if !playbook.lists.is_empty() {
        let list = |list: &palisade_model::plugin::ListUse| {
            let does = if list.adds { "looks into it and adds to it" } else { "looks into it" };
            [code(list.name.as_str()), does.to_owned()]
        };
        let lists: Vec<_> = playbook.lists.iter().map(list).collect();
        let _ = write!(page, "\n## Lists\n\n{}", table(["List", "What it does"], &lists));
    }
    page.push_str("\n## What it may start\n\n");
    let needs = playbook.needs.iter().map(|need| {
        let (sends, reads) = (fields::names(need.parameters.as_ref()), fields::names(need.data.as_ref()));
        [code(&need.connector), code(&need.action), sends, reads]
    });
    let starts = playbook.starts.iter();
    let starts = starts.map(|name| ["playbook".to_owned(), code(name), String::new(), String::new()]);
    let rows: Vec<_> = needs.chain(starts).collect();
    let table = table(["Connector", "Action", "Sends", "Reads"], &rows);
    page.push_str(if table.is_empty() { "Nothing.\n" } else { &table });
    page
}
