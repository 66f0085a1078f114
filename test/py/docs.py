# The documentation: what it promises is there, and it can be built.
import pathlib
import re
import shutil
import subprocess

from _program import EMILUA, case, end

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def text(path):
    return (ROOT / path).read_text()


def pages():
    return {str(path.relative_to(ROOT / 'doc')) for path in ROOT.glob('doc/**/*.adoc')}


@case('the README contains its programs verbatim, and says what they print')
def _():
    readme = text('README.md')
    for name in 'doc/examples/readme.lua', 'doc/examples/sandbox.lua':
        program = ROOT / name
        assert f'```lua\n{program.read_text()}```\n' in readme, f'differs from {name}'
        if 'sandbox' in name and subprocess.run(['unshare', '--user', 'true'], stderr=subprocess.DEVNULL).returncode:
            return 'no user namespaces'
        run = subprocess.run([EMILUA, program], capture_output=True, text=True, timeout=20)
        assert (run.returncode, run.stderr) == (0, ''), run
        printed = [f'`{line}`' for line in run.stdout.splitlines()]
        assert 'It prints ' + ', '.join(printed[:-1]) + ' and ' * (len(printed) > 1) + printed[-1] in readme, run.stdout


@case('the README names only files and directories that exist')
def _():
    readme = re.sub(r'```.*?```', '', text('README.md'), flags=re.DOTALL)
    links = re.findall(r'\]\(([^)]+)\)', readme)
    paths = re.findall(r'`((?:src|doc|lua|test|tool|include|bench)/[^\s`]*)`', readme)
    names = links + paths
    missing = [name for name in names if not (ROOT / name).exists()]
    assert links and paths and not missing, missing


@case('every page of the manual is built, and in the index')
def _():
    listed = {name + '.adoc' for name in re.findall(r"^    '([^']+)',$", text('doc/meson.build'), re.MULTILINE)}
    assert listed == pages(), f'doc/meson.build: missing {pages() - listed}, too many {listed - pages()}'
    linked = set(re.findall(r'xref:([\w/.]+\.adoc)', text('doc/index.adoc')))
    assert linked == pages() - {'index.adoc'}, f'doc/index.adoc: missing {pages() - linked}, too many {linked - pages()}'


# Something of each class that lua/meta describes.
OBJECTS = """
if _CONTEXT == 'worker' then return end
local ip, fs, time, system = require 'ip', require 'filesystem', require 'time', require 'system'
local an_error, udp = require('asio_error').misc.eof, ip.udp.socket.new()
udp:open('v4')
local reader, writer = require('pipe').pair()
local promise, a_future = require('future').new()
local unix = require 'unix'
-- With a record: record_terminator appears with the first.
local a_scanner = require('stream').scanner.new { stream = { read_some = function(_, b) return b:copy 'a\\n' end } }
a_scanner:get_line()
local objects = {
    error_category = an_error.category, error_code = an_error, fiber = spawn(function() end), this_fiber = this_fiber,
    tx_channel = spawn_vm('.'), ipc_actor_channel = spawn_vm { module = tostring(_FILE), subprocess = {} }, byte_span = byte_span.new(1), promise = promise, future = a_future,
    mutex = require('mutex').new(), recursive_mutex = require('recursive_mutex').new(),
    condition_variable = require('condition_variable').new(), file_descriptor = udp:release(),
    time_point = time.steady_clock.now(), steady_clock = time.steady_clock, system_clock = time.system_clock,
    high_resolution_clock = time.high_resolution_clock, system_timer = time.system_timer.new(),
    steady_timer = time.steady_timer.new(), ['filesystem.path'] = fs.path.new('a'),
    ['system.in_'] = system.in_, ['system.out'] = system.out, ['ip.address'] = ip.address.loopback_v6(),
    ['ip.address_info_flag'] = ip.address_info_flag, ['ip.endpoint'] = udp, ['ip.socket'] = udp,
    ['ip.tcp.socket'] = ip.tcp.socket.new(), ['ip.tcp.acceptor'] = ip.tcp.acceptor.new(), ['ip.udp.socket'] = udp,
    ['pipe.end'] = reader, ['pipe.read_stream'] = reader, ['pipe.write_stream'] = writer,
    serial_port = require('serial_port').ptypair(), ['serial_port.module'] = require 'serial_port',
    ['system.signal'] = system.signal,
    ['system.signal.sets'] = system.signal.set, ['system.signal.set'] = system.signal.set.new(),
    linux_capabilities = system.cap_init(), subprocess = system.spawn { program = 'true' },
    ['ip.resolver'] = ip.tcp, ['ip.tcp'] = ip.tcp, ['ip.udp'] = ip.udp,
    ['regex.object'] = require('regex').new { pattern = 'a', grammar = 'ecma' },
    ['unix.endpoint'] = unix.stream_socket.new(), ['unix.socket'] = unix.stream_socket.new(),
    ['unix.stream'] = unix.stream_socket.new(), ['unix.seqpacket'] = unix.seqpacket_socket.new(),
    ['unix.datagram'] = unix.datagram_socket.new(), ['unix.acceptor'] = unix.stream_acceptor.new(),
    ['stream.scanner.object'] = a_scanner,
}
for _, name in ipairs { 'basic', 'netdb', 'addrinfo', 'misc' } do
    objects['asio_error.' .. name] = require('asio_error')[name]
end

local function has(object, member)
    local ok, value = pcall(function() return object[member] end)
    if ok then return value ~= nil end
    return value.code ~= 8      -- bad_index; a property may raise something else
end

-- The class is that of an object, a module, a table in a module, or several of them.
local function check(class, member)
    local candidates = { objects[class] }
    local module, name = class:match '^([%w_]+)%.?([%w_]*)$'
    local found, table = pcall(require, module)
    if found then candidates[#candidates + 1] = name == '' and table or table[name] end
    for _, candidate in ipairs(candidates) do
        if has(candidate, member) then return end
    end
    print(#candidates .. ' objects of ' .. class .. ' have no ' .. member)
end

"""
# And what only exists inside of an init.script.
PLAIN_TABLES = {'spawn_vm.options', 'spawn_vm.subprocess_options', 'spawn_vm.subprocess', 'spawn_vm.init', 'read_stream',
                'write_stream', 'ip.address_info', 'ip.name_info', 'system.ruleset_attr', 'system.rule_attr',
                'system.spawn_options', 'system.scheduler', 'regex.options', 'regex.range',
                'stream.scanner.options'}


def annotated(meta):
    """-> (class, member) pairs, as the Lua language server reads the file."""
    classes, current = {}, None
    for line in meta.splitlines():
        if match := re.match(r'---@class ([\w.]+)', line):
            current = match[1]
        elif match := re.match(r'---@field (\w+) ', line):
            yield current, match[1]
        elif match := re.match(r'(?:local )?([\w.]+) = \{', line):
            classes[match[1]], current = current or match[1], None
        elif match := re.match(r'function ([\w.]+)[.:](\w+)\(', line):
            yield classes.get(match[1], match[1]), match[2]


@case('annotations for the Lua language server: what they describe exists')
def _():
    metas = [path.read_text() for path in ROOT.glob('lua/meta/*.lua')]
    pairs = [pair for meta in metas for pair in annotated(meta)
             if pair[0] not in PLAIN_TABLES and not pair[0].startswith('init_script.')]
    assert len(pairs) > 300, len(pairs)
    pathlib.Path('annotated.lua').write_text(OBJECTS + ''.join(f"check('{c}', '{m}')\n" for c, m in pairs))
    run = subprocess.run([EMILUA, 'annotated.lua'], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, '', ''), run


@case('man pages and HTML are made without a warning')
def _():
    if not shutil.which('asciidoctor'):
        return 'no asciidoctor'
    for backend, names in ('manpage', (name for name in pages() if ':doctype: manpage' in text('doc/' + name))), \
                          ('html', pages()):
        run = subprocess.run(['asciidoctor', '--failure-level=WARN', '-b', backend, '-R', ROOT / 'doc', '-D', backend,
                              *(ROOT / 'doc' / name for name in names)], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
    for page in pathlib.Path('html').rglob('*.html'):
        for target in re.findall(r'href="([^"#:]+)["#]', page.read_text()):
            assert (page.parent / target).exists(), f'{page} has a broken link to {target}'


end()
