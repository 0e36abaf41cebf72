//! Folders and files. Every user has an own root, which Box calls folder `0` for each of them.

use std::collections::BTreeMap;
use std::time::SystemTime;

use hyper::body::Bytes;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::tokens::hex;

/// A file's bytes and what Box says about them.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) bytes: Bytes,
    pub(crate) sha1: String,
}

impl Content {
    pub(crate) fn new(bytes: Bytes) -> Self {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &bytes);
        let sha1 = hex(hash.as_ref());
        Self { bytes, sha1 }
    }
}

/// A folder, or a file when it has content.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) content: Option<Content>,
    pub(crate) created: SystemTime,
    pub(crate) modified: SystemTime,
    /// The times the uploader claims, as text.
    pub(crate) content_created: Option<String>,
    pub(crate) content_modified: Option<String>,
    pub(crate) etag: u64,
    /// How often a download is still answered with "not ready yet".
    pub(crate) waits: u32,
    /// When the item itself went to the trash; not when a folder above it did.
    pub(crate) trashed: Option<SystemTime>,
    /// Users who see a folder in their own root.
    pub(crate) shared_with: Vec<String>,
}

impl Node {
    pub(crate) fn is_folder(&self) -> bool {
        self.content.is_none()
    }

    fn is_root_of(&self, user: &str) -> bool {
        self.parent.is_none() && self.owner == user
    }

    fn is_shared_with(&self, user: &str) -> bool {
        self.shared_with.iter().any(|with| with == user)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<u64, Node>,
    last_id: u64,
}

impl Tree {
    /// Adds a folder, or a file when there is content, to a parent in which the name is free.
    pub(crate) fn add(&mut self, parent: Option<u64>, owner: &str, name: &str, content: Option<Content>) -> u64 {
        self.last_id += 1;
        let id = 300_000_000_000 + self.last_id;
        let now = SystemTime::now();
        let node = Node {
            id,
            parent,
            owner: owner.to_owned(),
            name: name.to_owned(),
            content,
            created: now,
            modified: now,
            content_created: None,
            content_modified: None,
            etag: 0,
            waits: 0,
            trashed: None,
            shared_with: Vec::new(),
        };
        self.nodes.insert(id, node);
        id
    }

    /// The node `user` means by `id`, if the user may see it.
    pub(crate) fn find(&self, user: &str, id: &str) -> Option<&Node> {
        if id == "0" {
            return self.nodes.values().find(|node| node.is_root_of(user));
        }
        let node = self.nodes.get(&id.parse().ok()?)?;
        let mut lineage = self.lineage(node.id);
        lineage.any(|node| node.is_root_of(user) || node.is_shared_with(user)).then_some(node)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> &mut Node {
        self.nodes.get_mut(&id).expect("a node that was found")
    }

    /// The same for a change that people see, which gives the node another etag.
    pub(crate) fn change(&mut self, id: u64) -> &mut Node {
        let node = self.get_mut(id);
        node.modified = SystemTime::now();
        node.etag += 1;
        node
    }

    pub(crate) fn get(&self, id: u64) -> &Node {
        &self.nodes[&id]
    }

    /// The node and all above it, the root last.
    pub(crate) fn lineage(&self, id: u64) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.nodes.get(&id), |node| self.nodes.get(&node.parent?))
    }

    /// What `user` sees in a folder, in the order of IDs; shared folders appear in the root.
    pub(crate) fn children(&self, user: &str, folder: u64) -> Vec<&Node> {
        let in_root = self.nodes[&folder].is_root_of(user);
        let there = self.nodes.values().filter(|node| node.trashed.is_none());
        there.filter(|node| node.parent == Some(folder) || in_root && node.is_shared_with(user)).collect()
    }

    /// What has this name in this folder already; Box takes `a` and `A` for the same.
    pub(crate) fn named(&self, folder: u64, name: &str) -> Option<&Node> {
        let name = name.to_lowercase();
        let mut siblings = self.nodes.values().filter(|node| node.trashed.is_none());
        siblings.find(|node| node.parent == Some(folder) && node.name.to_lowercase() == name)
    }

    pub(crate) fn trash(&mut self, id: u64) {
        self.get_mut(id).trashed = Some(SystemTime::now());
    }

    /// What `user` has thrown away, but not what is inside of it.
    pub(crate) fn trash_of(&self, user: &str) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(move |node| node.trashed.is_some() && node.owner == user)
    }

    /// Bytes of a file, or of all that is in a folder.
    pub(crate) fn size(&self, node: &Node) -> u64 {
        match &node.content {
            Some(content) => content.bytes.len() as u64,
            None => {
                self.nodes.values().filter(|below| below.parent == Some(node.id)).map(|below| self.size(below)).sum()
            }
        }
    }

    /// Whether the node, or a folder above it, is in the trash.
    pub(crate) fn is_trashed(&self, id: u64) -> bool {
        self.lineage(id).any(|node| node.trashed.is_some())
    }

    /// Removes a node and all below it.
    pub(crate) fn remove(&mut self, id: u64) {
        self.nodes.remove(&id);
        let below: Vec<u64> = self.nodes.values().filter(|node| node.parent == Some(id)).map(|node| node.id).collect();
        for child in below {
            self.remove(child);
        }
    }

    /// Bytes of all files `user` owns.
    pub(crate) fn used(&self, user: &str) -> u64 {
        let own = self.nodes.values().filter(|node| node.owner == user);
        own.filter_map(|node| node.content.as_ref()).map(|content| content.bytes.len() as u64).sum()
    }

    /// Path and size of every file below `user`'s root, sorted.
    pub(crate) fn files(&self, user: &str) -> Vec<(String, usize)> {
        let file = |node: &Node| {
            let mut line: Vec<&Node> = self.lineage(node.id).collect();
            let size = node.content.as_ref()?.bytes.len();
            let is_there = line.pop()?.is_root_of(user) && line.iter().all(|node| node.trashed.is_none());
            let names: Vec<&str> = line.iter().rev().map(|node| node.name.as_str()).collect();
            is_there.then(|| (names.join("/"), size))
        };
        let mut files: Vec<_> = self.nodes.values().filter_map(file).collect();
        files.sort();
        files
    }
}
