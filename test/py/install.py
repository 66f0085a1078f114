# What `meson install` installs is all that embedders and plugins need.
#@ need !sanitizer cmd:meson cmd:c++ cmd:pkg-config
#@ timeout 300
import os, pathlib, shlex, subprocess

from _program import EMILUA, case, end

build = pathlib.Path(EMILUA).parent
examples = pathlib.Path(__file__).resolve().parent.parent.parent / 'doc/examples'
tmp = pathlib.Path.cwd()
root = tmp / 'root'


def run(*command, **variables):
    done = subprocess.run(command, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f'{shlex.join(map(str, command))}\n{done.stdout}'
    return done.stdout


def pkg_config(option):
    return shlex.split(run('pkg-config', option, 'emilua', PKG_CONFIG_PATH=str(root)))


def compile(*arguments):
    run('c++', '-std=c++20', '-Wall', '-Wextra', *arguments)


@case('3.12 meson install respects DESTDIR and installs program, library, headers and pkg-config file')
def _():
    run('meson', 'install', '-C', str(build), '--no-rebuild', DESTDIR=str(root))
    names = {p.name for p in root.rglob('*') if p.is_file()}
    missing = {'emilua', 'emilua.pc', 'embed.hpp', 'error.hpp', 'plugin.hpp', 'reporter.hpp', 'start_error.hpp',
               'version.hpp'} - names
    assert not missing, f'missing: {missing}'
    assert names & {'libemilua.a', 'libemilua.so'}, names
    shared = {str(p.relative_to(p.parents[2])) for p in root.rglob('*.lua')}
    assert {'emilua/meta/ip.lua', 'emilua/examples/readme.lua'} <= shared, shared
    pc, = root.rglob('emilua.pc')
    (root / 'emilua.pc').write_text(pc.read_text().replace('prefix=', f'prefix={root}', 1))


@case('3.12 each public header can be included alone')
def _():
    for header in root.rglob('include/emilua/*.hpp'):
        source = tmp / 'header.cpp'
        source.write_text(f'#include <emilua/{header.name}>\n')
        compile('-fsyntax-only', *pkg_config('--cflags'), source)


@case('3.12 an embedding program is built with the flags of pkg-config')
def _():
    source = examples / 'embed'
    header = (source / 'scripts.hpp.in').read_text()
    header = header.replace('@MAIN@', (source / 'main.lua').read_text())
    header = header.replace('@GREETING@', (source / 'greeting.lua').read_text())
    (tmp / 'scripts.hpp').write_text(header)
    compile('-I', tmp, source / 'main.cpp', *pkg_config('--cflags'), *pkg_config('--libs'), '-o', tmp / 'embed')
    library = next(root.rglob('libemilua.*')).parent
    output = run(tmp / 'embed', LD_LIBRARY_PATH=str(library))
    assert output == 'Hello, embedder! This is /app/main.lua\n', output


@case('3.9 a plugin is built with the flags of pkg-config')
def _():
    flags = ['-shared', '-fPIC', *pkg_config('--cflags')]
    compile(*flags, examples / 'plugin/hello.cpp', '-Wl,-soname,libhello.so', '-o', tmp / 'libhello.so')
    compile(*flags, examples / 'plugin/loud_hello.cpp', '-L.', '-lhello', '-o', tmp / 'libloud_hello.so')
    (tmp / 'loud_hello.deps').write_text('hello\n')
    program = next(p for p in root.rglob('emilua') if p.is_file())
    library = next(root.rglob('libemilua.*')).parent
    output = run(program, examples / 'plugin/program.lua', EMILUA_PATH='.', LD_LIBRARY_PATH=str(library))
    assert output == 'Hello, world!\tHELLO, WORLD!\n', output


end()
