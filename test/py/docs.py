# The documentation: what it promises is there, and it can be built.
import os
import pathlib
import re
import shutil
import subprocess

EMILUA = os.environ['EMILUA']
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
count = 0


def test(name):
    def decorate(function):
        global count
        count += 1
        try:
            reason = function()
            print(f'skip {name}: {reason}' if reason else f'ok {name}', flush=True)
        except AssertionError as error:
            print(f'not ok {name}\n    ' + str(error).replace('\n', '\n    '), flush=True)
    return decorate


def text(path):
    return (ROOT / path).read_text()


def pages():
    return {str(path.relative_to(ROOT / 'doc')) for path in ROOT.glob('doc/**/*.adoc')}


@test('the README contains its program verbatim, and says what it prints')
def _():
    readme, program = text('README.md'), ROOT / 'doc/examples/readme.lua'
    assert f'```lua\n{program.read_text()}```\n' in readme, 'differs from doc/examples/readme.lua'
    run = subprocess.run([EMILUA, program], capture_output=True, text=True, timeout=10)
    assert (run.returncode, run.stderr) == (0, ''), run
    assert f'It prints `{run.stdout.strip()}`' in readme, run.stdout


@test('the README names only files and directories that exist')
def _():
    readme = re.sub(r'```.*?```', '', text('README.md'), flags=re.DOTALL)
    names = set(re.findall(r'\]\(([^)]+)\)', readme)) | set(re.findall(r'`((?:src|doc|lua|test|tool|include|bench)/[^\s`]*)`', readme))
    missing = [name for name in names if not (ROOT / name).exists()]
    assert names and not missing, missing


@test('every page of the manual is built, and in the index')
def _():
    listed = {name + '.adoc' for name in re.findall(r"^    '([^']+)',$", text('doc/meson.build'), re.MULTILINE)}
    assert listed == pages(), f'doc/meson.build: missing {pages() - listed}, too many {listed - pages()}'
    linked = set(re.findall(r'xref:([\w/]+\.adoc)', text('doc/index.adoc')))
    assert linked == pages() - {'index.adoc'}, f'doc/index.adoc: missing {pages() - linked}, too many {linked - pages()}'


@test('every core module has annotations for the Lua language server')
def _():
    modules = set(re.findall(r'\{"(\w+)", fn<open_', text('src/lang/core_modules.cpp'))) - {'ffi'}
    meta = {path.stem for path in ROOT.glob('lua/meta/*.lua')}
    assert modules and modules <= meta, modules - meta


@test('man pages and HTML are made without a warning')
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


print('done', count)
