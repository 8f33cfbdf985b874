//! `hyla`, the tool: runs the losses and metrics of a cuvis-ai pipeline file on files.
//!
//! ```text
//! YAML ──► yaml ──► graph ──► plan ◄── catalog          which nodes run, with which parameters, fed by what
//!                              │
//!             files ──► run ◄──┘ ◄── bindings           frame by frame through nodes
//!                        │
//!                        └──► output                    text, JSON, CSV, Prometheus
//! ```
//!
//! | module | what is there |
//! | --- | --- |
//! | [`fault`] | a mistake: one sentence and its place |
//! | [`yaml`], [`graph`] | the pipeline file as a tree, and as nodes and connections |
//! | [`catalog`] | the one table of nodes |
//! | [`nodes`] | what they compute |
//! | [`plan`], [`bindings`] | what of a graph runs, and which files it has |
//! | [`files`] | arrays in files |
//! | [`run`], [`watch`] | frame by frame; what a report shows of scores |
//! | [`output`] | how results are shown |
//! | [`args`] | the words of the command line |

mod args;
mod bindings;
mod catalog;
#[cfg(test)]
mod every_node;
mod fault;
mod files;
mod graph;
mod nodes;
mod output;
mod plan;
mod run;
mod watch;
mod yaml;

use args::{Args, Command, RunArgs};
use bindings::Bindings;
use catalog::Stage;
use clap::{CommandFactory, Parser};
use fault::{Fallible, Fault};
use graph::Graph;
use plan::{Board, Plan};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match command(Args::parse().command) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("hyla: {fault}");
            ExitCode::from(2)
        }
    }
}

fn command(command: Command) -> Fallible<ExitCode> {
    match command {
        Command::Run(args) => run(&args)?,
        Command::Check { pipeline, verbose } => {
            let graph = Graph::read(&pipeline)?;
            let (text, can_run) = output::listing::check(&graph, &Plan::of(&graph), verbose);
            print(&text)?;
            return Ok(ExitCode::from(u8::from(!can_run)));
        }
        Command::Nodes { name } => print(&output::listing::nodes(name.as_deref())?)?,
        Command::Man { folder } => {
            let written = clap_mangen::generate_to(Args::command(), &folder);
            written.map_err(|error| Fault::of_system(&folder, &error))?;
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "hyla", &mut text);
            print(&String::from_utf8_lossy(&text))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints; whoever stops reading has read enough.
fn print(text: &str) -> Fallible<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Fault::new(format!("The output cannot be written: {error}.")))
        }
        _ => Ok(()),
    }
}

fn run(args: &RunArgs) -> Fallible<()> {
    let graph = Graph::read(&args.pipeline)?;
    let mut plan = Plan::of(&graph);
    plan.check()?;
    if args.verbose {
        eprint!("{}", output::listing::ignored(&graph, &plan));
    }
    let bindings = Bindings::new(&args.inputs, args.folder.as_deref())?;
    let mut gradients = Vec::new();
    for gradient in &args.gradients {
        let (port, file) = bindings::split(gradient, "--gradient", "NODE.PORT=FILE")?;
        let (node, port) = port
            .rsplit_once('.')
            .ok_or_else(|| Fault::new(format!("--gradient {gradient}: NODE.PORT=FILE is wanted.")))?;
        gradients.push((node.to_string(), port.to_string(), file.into()));
    }
    let boards = match &args.tensorboard {
        Some(folder) => vec![folder.clone()],
        None if args.stage == Stage::Inference => Vec::new(),
        None => plan.boards.iter().map(Board::folder).collect(),
    };
    boards.iter().chain(&args.report).try_for_each(|folder| output::check_folder(folder))?;
    let bar = std::io::stderr().is_terminal().then(|| indicatif::ProgressBar::new(0));
    let mut progress = |done: usize, all: usize| {
        if let Some(bar) = &bar {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        }
    };
    let wanted = run::Wanted {
        stage: args.stage,
        batch: args.batch.map(|batch| batch as usize),
        gradients,
        is_watched: args.report.is_some(),
        progress: &mut progress,
    };
    let results = run::run(&plan, &bindings, wanted)?;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    for fed in results.fed.iter().filter(|_| args.verbose) {
        eprintln!("fed: {fed}");
    }
    for note in &results.notes {
        eprintln!("hyla: {note}");
    }
    for folder in boards {
        let path = output::board::write(&folder, &results)?;
        if args.verbose {
            eprintln!("written: {}", path.display());
        }
    }
    if let Some(folder) = &args.report {
        output::report::write(folder, &args.pipeline.display().to_string(), &results)?;
    }
    print(&output::formats::format(&results, args.format))
}
