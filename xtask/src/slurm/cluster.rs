//! Slurm's daemons on the loopback, with everything that they write in one folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::command::{output, succeeds};

/// The longest path of a socket that the system takes, less what daemons append to the folder's.
const MAX_PATH: usize = 70;
/// How long daemons have to come up, and to end.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(3);

/// A cluster of two nodes, `n1` and `n2`, of one processor each. Dropped, it stops.
pub(super) struct Cluster {
    conf: PathBuf,
    daemons: Vec<(&'static str, Child)>,
}

impl Cluster {
    /// Start one in `folder`, which is emptied.
    pub(super) fn start(folder: &Path) -> anyhow::Result<Self> {
        ensure!(
            folder.as_os_str().len() <= MAX_PATH,
            "{}: is too long a path for the sockets of Slurm; check the repository out elsewhere",
            folder.display()
        );
        let conf = folder.join("slurm.conf");
        // Of a test that was killed.
        stop(&conf);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        for name in ["", "spool/n1", "spool/n2", "state"] {
            fs::create_dir_all(folder.join(name))?;
        }
        // Only the owner reads what belongs to the authentication.
        let key = folder.join("munge.key");
        let mut random = Vec::new();
        File::open("/dev/urandom")?.take(128).read_to_end(&mut random)?;
        fs::write(&key, random)?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        fs::write(&conf, configuration(folder)?)?;
        let mut cluster = Self {
            conf,
            daemons: Vec::new(),
        };
        let file = |name: &str| format!("={}", folder.join(name).display());
        let munge = [
            "--foreground".to_owned(),
            "--force".to_owned(),
            format!("--socket{}", file("munge.sock")),
            format!("--key-file{}", file("munge.key")),
            format!("--pid-file{}", file("munge.pid")),
            format!("--seed-file{}", file("munge.seed")),
            format!("--log-file{}", file("munge.log")),
        ];
        cluster.daemon("munged", "/usr/sbin/munged", &munge, folder)?;
        wait_for("munged", START, || {
            Ok(folder.join("munge.sock").exists().then_some(()))
        })?;
        cluster.daemon("slurmctld", "/usr/sbin/slurmctld", &["-D".to_owned()], folder)?;
        for node in ["n1", "n2"] {
            let arguments = ["-D", "-N", node].map(str::to_owned);
            cluster.daemon(node, "/usr/sbin/slurmd", &arguments, folder)?;
        }
        wait_for("both nodes", START, || {
            let idle = cluster.ask("sinfo", &["--noheader", "--states=idle", "--format=%D"]);
            // The controller may not answer yet.
            Ok(idle.ok().filter(|idle| idle.trim() == "2"))
        })?;
        Ok(cluster)
    }

    fn daemon(
        &mut self,
        name: &'static str,
        program: &str,
        arguments: &[String],
        folder: &Path,
    ) -> anyhow::Result<()> {
        let log = File::create(folder.join(format!("{name}.out")))?;
        let mut command = Command::new(program);
        command.env("SLURM_CONF", &self.conf).args(arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        self.daemons.push((name, child));
        Ok(())
    }

    /// A command that talks to this cluster, and to no other that the machine knows.
    pub(super) fn command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("SLURM_") || name_text.starts_with("SBATCH_") {
                command.env_remove(&name);
            }
        }
        command.env("SLURM_CONF", &self.conf).args(arguments);
        command
    }

    fn ask(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self
            .command(program, arguments)
            .output()
            .with_context(|| format!("cannot start {program}"))?;
        if !output.status.success() {
            bail!("{program}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The process of a task that runs on `node`, and its shard as its command line has it.
    pub(super) fn task_on(&self, node: &str) -> anyhow::Result<Option<(u32, String)>> {
        let name = format!("SLURMD_NODENAME={node}");
        for process in processes(&self.conf) {
            let is_task = process.environment.split('\0').any(|variable| variable == name);
            let mut words = process.command.split('\0').skip_while(|word| *word != "--shard");
            if let (true, Some(shard)) = (is_task, words.nth(1)) {
                return Ok(Some((process.id, shard.to_owned())));
            }
        }
        Ok(None)
    }

    /// Kill a node at once, as a power cut does: its daemon, the daemon of its task, and the task.
    pub(super) fn kill_node(&self, node: &str, task: u32) -> anyhow::Result<()> {
        let daemon = self.daemons.iter().find(|(name, _)| *name == node);
        let (_, daemon) = daemon.context("no such node")?;
        let step = Process::read(task).context("the task is gone")?.parent;
        ensure!(
            Process::read(step).is_some_and(|step| step.command.starts_with("slurmstepd")),
            "the task is not a child of slurmstepd"
        );
        // In one command, so that none is left to tell of the others.
        ensure!(
            succeeds(&format!("kill -KILL {} {step} {task}", daemon.id())),
            "cannot kill {node}"
        );
        Ok(())
    }

    /// Until no job is left in the queue.
    pub(super) fn wait_until_idle(&self, patience: Duration) -> anyhow::Result<()> {
        wait_for("the end of all tasks", patience, || {
            let queue = self.ask("squeue", &["--noheader"])?;
            Ok(queue.trim().is_empty().then_some(()))
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&self.conf);
        for (_, daemon) in &mut self.daemons {
            // It has ended, or was told to.
            let _ = daemon.wait();
        }
    }
}

fn configuration(folder: &Path) -> anyhow::Result<String> {
    let host = output("hostname -s")?;
    let user = output("id -un")?;
    let (host, user) = (host.trim(), user.trim());
    // Held at once, so that all are different.
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0"));
    let mut ports = Vec::new();
    for listener in listeners {
        ports.push(listener?.local_addr()?.port());
    }
    let folder = folder.display();
    let nodes: String = ["n1", "n2"]
        .iter()
        .zip(&ports[1..])
        .map(|(name, port)| {
            format!("NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1\n")
        })
        .collect();
    // A dead node is noticed after seconds instead of minutes.
    Ok(format!(
        "ClusterName=sysmt
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
SlurmdTimeout=6
KillWait=2
MailProg=/bin/true
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
{nodes}PartitionName=test Nodes=n1,n2 Default=YES State=UP
",
        ports[0]
    ))
}

/// A process of this cluster.
struct Process {
    id: u32,
    parent: u32,
    /// Variables, a zero after each.
    environment: String,
    /// Words, a zero after each.
    command: String,
}

impl Process {
    /// `None` where it has ended, or is another user's.
    fn read(id: u32) -> Option<Self> {
        let read = |name: &str| {
            let bytes = fs::read(format!("/proc/{id}/{name}")).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let stat = read("stat")?;
        // `pid (name) state parent`, and a name may hold anything.
        let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?;
        Some(Self {
            id,
            parent: parent.parse().ok()?,
            environment: read("environ")?,
            command: read("cmdline")?,
        })
    }
}

/// Processes that were started to talk to the cluster of a configuration: its daemons, their children, its users.
fn processes(conf: &Path) -> Vec<Process> {
    let mark = format!("SLURM_CONF={}", conf.display());
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?))
        .filter(|process| process.environment.split('\0').any(|variable| variable == mark))
        .collect()
}

/// End every process of a cluster, whoever started it.
fn stop(conf: &Path) {
    let signal = |name: &str| {
        let ids: Vec<String> = processes(conf)
            .iter()
            .map(|process| process.id.to_string())
            .collect();
        if ids.is_empty() {
            return false;
        }
        succeeds(&format!("kill -{name} {}", ids.join(" ")));
        true
    };
    let begun = Instant::now();
    if !signal("TERM") {
        return;
    }
    while begun.elapsed() < STOP {
        if processes(conf).is_empty() {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    signal("KILL");
}

/// Ask until there is an answer.
pub(super) fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut ask: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if patience < begun.elapsed() {
            bail!("waited {} s for {what}", patience.as_secs());
        }
        sleep(Duration::from_millis(50));
    }
}
