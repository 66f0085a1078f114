-- _CONTEXT and its way into imported modules (01 §2.5).

--@ env EMILUA_PATH=$TMP/packages
--@ script main.lua
--@ file leaf.lua
--| print('leaf', _CONTEXT)
--@ file node/init.lua
--| print('node', _CONTEXT)
--| require './child'
--| require '/by_root'
--@ file node/child.lua
--| print('child', _CONTEXT)
--| require '../sibling'
--@ file node/sibling.lua
--| print('sibling', _CONTEXT)
--@ file by_root.lua
--| print('by_root', _CONTEXT)
--@ file assigned.lua
--| _CONTEXT = 'mine'
--| require '../below_assigned'
--@ file below_assigned.lua
--| print('below_assigned', _CONTEXT)
--@ file packages/pack/init.lua
--| print('package', _CONTEXT)
--| require './inside'
--@ file packages/pack/inside.lua
--| print('inside', _CONTEXT)
--@ test 01.38 without --test imported modules have an empty context
--@ run $EMILUA main.lua | tr -d '\t'
--@ stdout entrymain
--@ stdout leaf
--@ stdout node
--@ stdout child
--@ stdout sibling
--@ stdout by_root
--@ stdout package
--@ stdout inside
--@ stdout below_assigned
--@ stdout entrymain
--@ test 01.38 under --test modules of the application see it, packages do not
--@ run $EMILUA --test main.lua | tr -d '\t'
--@ stdout entrytest
--@ stdout leaftest
--@ stdout nodetest
--@ stdout childtest
--@ stdout siblingtest
--@ stdout by_roottest
--@ stdout package
--@ stdout inside
--@ stdout below_assignedtest
--@ stdout entrytest

print('entry', _CONTEXT)
require './leaf'
require './node'
require 'pack'
require './assigned'
print('entry', _CONTEXT)
