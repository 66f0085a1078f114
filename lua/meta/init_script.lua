---@meta
-- Globals of init scripts (`subprocess.init.script` of spawn_vm), in no other Lua code.
-- Manual: doc/reference/init.script.adoc.

---The descriptor given as `init.arg`.
---@type integer?
arg = nil

---While truthy, a failing function of C or helper ends the process.
---@type any
errexit = true

---Permission bits: `mode(7, 5, 5)` is octal 755.
---@param user integer
---@param group integer
---@param other integer
---@return integer
function mode(user, group, other) end

---Writes everything.
---@param fd integer
---@param text string
---@return integer size -1 on failure
---@return integer errno
function write_all(fd, text) end

---recvmsg(2).
---@param fd integer
---@param size integer
---@return string? text empty at the end; nil on failure
---@return integer fd the descriptor of the message, close-on-exec, or -1
---@return integer errno
function receive_with_fd(fd, size) end

---sendmsg(2) of `text` with the descriptor `sent`, which stays open.
---@param fd integer
---@param text string
---@param sent integer
---@return integer size -1 on failure
---@return integer errno
function send_with_fd(fd, text, sent) end

---From now on no program gains rights when it is executed.
---@return integer result
---@return integer errno
function set_no_new_privs() end

---@alias landlock_access_fs "execute"|"write_file"|"read_file"|"read_dir"|"remove_dir"|"remove_file"|"make_char"|"make_dir"|"make_reg"|"make_sock"|"make_fifo"|"make_block"|"make_sym"|"refer"|"truncate"|"ioctl_dev"
---@alias landlock_access_net "bind_tcp"|"connect_tcp"
---@alias landlock_scope "abstract_unix_socket"|"signal"

---@class init_script.ruleset_attr
---@field handled_access_fs? landlock_access_fs[]
---@field handled_access_net? landlock_access_net[]
---@field scoped? landlock_scope[]

---@class init_script.path_beneath
---@field allowed_access landlock_access_fs[]
---@field parent_fd integer

---@class init_script.net_port
---@field allowed_access landlock_access_net[]
---@field port integer

---Functions return a result and 0, or -1 and the error number. Names that the platform lacks raise `key not found`.
---@class init_script.C
---@field E2BIG integer
---@field EACCES integer
---@field EADDRINUSE integer
---@field EADDRNOTAVAIL integer
---@field EAFNOSUPPORT integer
---@field EAGAIN integer
---@field EALREADY integer
---@field EBADF integer
---@field EBADMSG integer
---@field EBUSY integer
---@field ECANCELED integer
---@field ECHILD integer
---@field ECONNABORTED integer
---@field ECONNREFUSED integer
---@field ECONNRESET integer
---@field EDEADLK integer
---@field EDESTADDRREQ integer
---@field EDOM integer
---@field EEXIST integer
---@field EFAULT integer
---@field EFBIG integer
---@field EHOSTUNREACH integer
---@field EIDRM integer
---@field EILSEQ integer
---@field EINPROGRESS integer
---@field EINTR integer
---@field EINVAL integer
---@field EIO integer
---@field EISCONN integer
---@field EISDIR integer
---@field ELOOP integer
---@field EMFILE integer
---@field EMLINK integer
---@field EMSGSIZE integer
---@field ENAMETOOLONG integer
---@field ENETDOWN integer
---@field ENETRESET integer
---@field ENETUNREACH integer
---@field ENFILE integer
---@field ENOBUFS integer
---@field ENODEV integer
---@field ENOENT integer
---@field ENOEXEC integer
---@field ENOLCK integer
---@field ENOLINK integer
---@field ENOMEM integer
---@field ENOMSG integer
---@field ENOPROTOOPT integer
---@field ENOSPC integer
---@field ENOSYS integer
---@field ENOTCONN integer
---@field ENOTDIR integer
---@field ENOTEMPTY integer
---@field ENOTRECOVERABLE integer
---@field ENOTSOCK integer
---@field ENOTSUP integer
---@field ENOTTY integer
---@field ENXIO integer
---@field EOPNOTSUPP integer
---@field EOVERFLOW integer
---@field EOWNERDEAD integer
---@field EPERM integer
---@field EPIPE integer
---@field EPROTO integer
---@field EPROTONOSUPPORT integer
---@field EPROTOTYPE integer
---@field ERANGE integer
---@field EROFS integer
---@field ESPIPE integer
---@field ESRCH integer
---@field ETIMEDOUT integer
---@field ETXTBSY integer
---@field EWOULDBLOCK integer
---@field EXDEV integer
---@field ENODATA integer
---@field ENOSR integer
---@field ENOSTR integer
---@field ETIME integer
---@field O_APPEND integer
---@field O_ASYNC integer
---@field O_CLOEXEC integer
---@field O_CREAT integer
---@field O_DIRECT integer
---@field O_DIRECTORY integer
---@field O_DSYNC integer
---@field O_EXCL integer
---@field O_NOCTTY integer
---@field O_NOFOLLOW integer
---@field O_NONBLOCK integer
---@field O_PATH integer
---@field O_RDONLY integer
---@field O_RDWR integer
---@field O_SYNC integer
---@field O_TRUNC integer
---@field O_WRONLY integer
---@field O_LARGEFILE integer
---@field O_NOATIME integer
---@field O_TMPFILE integer
---@field S_IRWXU integer
---@field S_IRUSR integer
---@field S_IWUSR integer
---@field S_IXUSR integer
---@field S_IRWXG integer
---@field S_IRGRP integer
---@field S_IWGRP integer
---@field S_IXGRP integer
---@field S_IRWXO integer
---@field S_IROTH integer
---@field S_IWOTH integer
---@field S_IXOTH integer
---@field S_ISUID integer
---@field S_ISGID integer
---@field S_ISVTX integer
---@field S_IFCHR integer
---@field S_IFBLK integer
---@field MS_BIND integer
---@field MS_DIRSYNC integer
---@field MS_LAZYTIME integer
---@field MS_MANDLOCK integer
---@field MS_MOVE integer
---@field MS_NOATIME integer
---@field MS_NODEV integer
---@field MS_NODIRATIME integer
---@field MS_NOEXEC integer
---@field MS_NOSUID integer
---@field MS_NOSYMFOLLOW integer
---@field MS_PRIVATE integer
---@field MS_RDONLY integer
---@field MS_REC integer
---@field MS_RELATIME integer
---@field MS_REMOUNT integer
---@field MS_SHARED integer
---@field MS_SILENT integer
---@field MS_SLAVE integer
---@field MS_STRICTATIME integer
---@field MS_SYNCHRONOUS integer
---@field MS_UNBINDABLE integer
---@field MNT_FORCE integer
---@field MNT_DETACH integer
---@field MNT_EXPIRE integer
---@field UMOUNT_NOFOLLOW integer
---@field CLONE_NEWCGROUP integer
---@field CLONE_NEWIPC integer
---@field CLONE_NEWNET integer
---@field CLONE_NEWNS integer
---@field CLONE_NEWPID integer
---@field CLONE_NEWTIME integer
---@field CLONE_NEWUSER integer
---@field CLONE_NEWUTS integer
---@field SECBIT_NOROOT integer
---@field SECBIT_NOROOT_LOCKED integer
---@field SECBIT_NO_SETUID_FIXUP integer
---@field SECBIT_NO_SETUID_FIXUP_LOCKED integer
---@field SECBIT_KEEP_CAPS integer
---@field SECBIT_KEEP_CAPS_LOCKED integer
---@field SECBIT_NO_CAP_AMBIENT_RAISE integer
---@field SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED integer
C = {}

---@param fd integer
---@param size integer
---@return string? text empty at the end; nil on failure
---@return integer errno
function C.read(fd, size) end

---@param fd integer
---@param text string
---@return integer size
---@return integer errno
function C.write(fd, text) end

---@param path string
---@param flags integer
---@param mode? integer
---@return integer fd
---@return integer errno
function C.open(path, flags, mode) end

---@param path string
---@param mode integer
---@return integer result -1 on failure
---@return integer errno
function C.mkdir(path, mode) end

---@param path string
---@param mode integer
---@return integer result -1 on failure
---@return integer errno
function C.chmod(path, mode) end

---@param path string
---@param mode integer
---@return integer result -1 on failure
---@return integer errno
function C.mkfifo(path, mode) end

---@param path string
---@return integer result -1 on failure
---@return integer errno
function C.chdir(path) end

---@param path string
---@return integer result -1 on failure
---@return integer errno
function C.chroot(path) end

---@param old string
---@param new string
---@return integer result -1 on failure
---@return integer errno
function C.link(old, new) end

---@param target string
---@param path string
---@return integer result -1 on failure
---@return integer errno
function C.symlink(target, path) end

----1 keeps an id.
---@param path string
---@param uid integer
---@param gid integer
---@return integer result -1 on failure
---@return integer errno
function C.chown(path, uid, gid) end

---@param path string
---@param mode integer
---@param device integer
---@return integer result -1 on failure
---@return integer errno
function C.mknod(path, mode, device) end

---@param major integer
---@param minor integer
---@return integer device
---@return integer errno
function C.makedev(major, minor) end

---@param mask integer
---@return integer previous
---@return integer errno
function C.umask(mask) end

---@param source string?
---@param target string
---@param fstype string?
---@param flags integer
---@param data? string
---@return integer result -1 on failure
---@return integer errno
function C.mount(source, target, fstype, flags, data) end

---@param target string
---@return integer result -1 on failure
---@return integer errno
function C.umount(target) end

---@param target string
---@param flags integer
---@return integer result -1 on failure
---@return integer errno
function C.umount2(target, flags) end

---@param new_root string
---@param put_old string
---@return integer result -1 on failure
---@return integer errno
function C.pivot_root(new_root, put_old) end

---@param name string
---@return integer result -1 on failure
---@return integer errno
function C.sethostname(name) end

---@param name string
---@return integer result -1 on failure
---@return integer errno
function C.setdomainname(name) end

---@return integer session
---@return integer errno
function C.setsid() end

---@param pid integer
---@param group integer
---@return integer result -1 on failure
---@return integer errno
function C.setpgid(pid, group) end

----1 keeps an id.
---@param real integer
---@param effective integer
---@param saved integer
---@return integer result -1 on failure
---@return integer errno
function C.setresuid(real, effective, saved) end

----1 keeps an id.
---@param real integer
---@param effective integer
---@param saved integer
---@return integer result -1 on failure
---@return integer errno
function C.setresgid(real, effective, saved) end

---@param groups integer[]
---@return integer result -1 on failure
---@return integer errno
function C.setgroups(groups) end

---Written as for cap_from_text(3).
---@param text string
---@return integer result -1 on failure
---@return integer errno
function C.cap_set_proc(text) end

---@param name string
---@return integer result -1 on failure
---@return integer errno
function C.cap_drop_bound(name) end

---@param name string
---@param value boolean
---@return integer result -1 on failure
---@return integer errno
function C.cap_set_ambient(name, value) end

---@return integer result -1 on failure
---@return integer errno
function C.cap_reset_ambient() end

---@param bits integer
---@return integer result -1 on failure
---@return integer errno
function C.cap_set_secbits(bits) end

---@param flags integer
---@return integer result -1 on failure
---@return integer errno
function C.unshare(flags) end

---@param fd integer
---@param type integer
---@return integer result -1 on failure
---@return integer errno
function C.setns(fd, type) end

---Returns only on failure.
---@param path string
---@param arguments? string[]
---@param environment? table<string, string>
---@return integer result -1 on failure
---@return integer errno
function C.execve(path, arguments, environment) end

---Returns only on failure.
---@param fd integer
---@param arguments? string[]
---@param environment? table<string, string>
---@return integer result -1 on failure
---@return integer errno
function C.fexecve(fd, arguments, environment) end

---An array of `struct sock_filter`.
---@param program string
---@return integer result -1 on failure
---@return integer errno
function C.seccomp_set_mode_filter(program) end

---@param attr init_script.ruleset_attr?
---@param flags? "version"[]
---@return integer fd or the ABI of the kernel
---@return integer errno
function C.landlock_create_ruleset(attr, flags) end

---@param fd integer
---@param type "path_beneath"|"net_port"
---@param attr init_script.path_beneath|init_script.net_port
---@return integer result -1 on failure
---@return integer errno
function C.landlock_add_rule(fd, type, attr) end

---@param fd integer
---@return integer result -1 on failure
---@return integer errno
function C.landlock_restrict_self(fd) end
