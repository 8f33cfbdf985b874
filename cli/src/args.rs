//! The words of the command line.

use crate::catalog::Stage;
use crate::output::formats::Format;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Runs the losses and metrics of a cuvis-ai pipeline file on files.
///
/// Exit codes: 0, it worked; 1, `check` found that the pipeline cannot run; 2, a mistake in the arguments, the pipeline
/// or the files. Nothing was written then.
#[derive(Parser)]
#[command(name = "hyla", version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the nodes of a pipeline on files, and print their values
    Run(RunArgs),
    /// List what a pipeline runs and needs; exit code 1 if it cannot run
    Check {
        /// The pipeline file
        pipeline: PathBuf,
        /// Also list what is ignored
        #[arg(short, long)]
        verbose: bool,
    },
    /// List the nodes that hyla has, or one with its ports and parameters
    Nodes {
        /// The name of a node
        name: Option<String>,
    },
    /// Write the manual pages into a folder
    Man {
        /// The folder, which must be there
        folder: PathBuf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(clap::Args)]
pub struct RunArgs {
    /// The pipeline file
    pub pipeline: PathBuf,
    /// The file of a port (bce_loss.targets), of a source (data.mask) or of every port of a name (targets): .npy, .npz
    /// or .npz#member, an ENVI image (.hdr, or the raw file beside it), or a pattern of several in quotes
    #[arg(short, long = "input", value_name = "PORT=FILE")]
    pub inputs: Vec<String>,
    /// A folder with files NODE.PORT.npy (or .npz, .hdr) for ports that have no --input
    #[arg(long = "inputs", value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Write the gradient of a loss by an input or a learnt parameter; `hyla nodes NAME` lists them
    #[arg(short, long = "gradient", value_name = "NODE.PORT=FILE")]
    pub gradients: Vec<String>,
    /// Which nodes run: losses in train, val and test, metrics in val and test
    #[arg(short, long, value_enum, default_value = "val")]
    pub stage: Stage,
    /// How many frames a batch has; without it all are one batch
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch: Option<u64>,
    /// How the values are printed
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: Format,
    /// Write an event file for TensorBoard into a folder, instead of those of the graph's TensorBoardMonitorNode
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
    /// Write a page with charts, report.html, into a folder
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Tell what is ignored and which files feed what
    #[arg(short, long)]
    pub verbose: bool,
}
