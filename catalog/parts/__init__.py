"""Parts by kind and name: the one door for those of rulegen and those of other people."""

from rulegen.catalog.parts.faults import blamed as blamed
from rulegen.catalog.parts.faults import fault as fault
from rulegen.catalog.parts.faults import guarded as guarded
from rulegen.catalog.parts.installed import GROUPS as GROUPS
from rulegen.catalog.parts.installed import NAME as NAME
from rulegen.catalog.parts.installed import Source as Source
from rulegen.catalog.parts.installed import unread as unread
from rulegen.catalog.parts.registry import BUNDLED as BUNDLED
from rulegen.catalog.parts.registry import SESSION as SESSION
from rulegen.catalog.parts.registry import a as a
from rulegen.catalog.parts.registry import add as add
from rulegen.catalog.parts.registry import find as find
from rulegen.catalog.parts.registry import names as names
from rulegen.catalog.parts.registry import register as register
from rulegen.catalog.parts.registry import same as same
from rulegen.catalog.parts.registry import source as source
from rulegen.catalog.parts.registry import whose as whose
