"""A day of business: records come, change and go, stages move, an administrator adds a field.

The same org, change number and request give the same change. In one change a record is
touched at most once, so whoever reads the org after each change sees every version.
"""

from collections.abc import Iterator
from typing import Any, Final

from lakehouse_local.salesforce_org import administer
from lakehouse_local.salesforce_org.catalog import SObject
from lakehouse_local.salesforce_org.day import NEW_FIELDS, Changed, Day
from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.edits import Edits, editing
from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.generate import fill_in
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.objects import BY_NAME
from lakehouse_local.salesforce_org.objects import opportunity as sales
from lakehouse_local.salesforce_org.objects.spec import Row, World
from lakehouse_local.salesforce_org.org import Org

# Their values follow from one another; the stories below write them, chance does not.
_WOVEN: Final = frozenset(
    {
        *("Amount", "Probability", "ForecastCategoryName", "Status", "AnnualRevenue"),
        *("Quantity", "UnitPrice", "TotalPrice", "Discount", "NumberOfEmployees"),
        *("StartDateTime", "EndDateTime", "ActivityDateTime", "ActivityDate"),
        *("DurationInMinutes", "StartDate", "EndDate", "TimeZoneSidKey"),
    }
)


def change(org: Org, day: Day) -> Changed:
    """Let a day pass. Raises KeyError for an object that the org lacks."""
    store = org.store
    wanted = [store.object(name) for name in day.objects] or list(store.catalog)
    number = int(store.meta("change", "0")) + 1
    start = store.clock.seconds()
    org.move_clock(day.hours * 3_600)
    changed = Changed(number=number, now=store.clock.text())
    if day.new_field:
        _add_field(org, {one.name for one in wanted}, changed)
    wanted = [store.object(one.name) for one in wanted if one.describe["updateable"]]
    world = World(
        seed=f"{store.meta('seed')}:{number}",
        org_id=org.id,
        now=start,
        counts={one.name: int(store.meta(f"next:{one.name}", "0")) for one in store.catalog},
        prefixes={one.name: one.prefix for one in store.catalog},
    )
    span = max(0.0, day.hours * 3_600 - 300)
    with editing(store) as edits:
        for sobject in wanted:
            _Business(org, edits, sobject, world, changed, (start, span)).run(day)
    return changed


def _add_field(org: Org, names: set[str], changed: Changed) -> None:
    for name, new in NEW_FIELDS:
        if name in names and new.name.lower() not in org.store.object(name).fields:
            administer.add(org.store, org.store.object(name), new)
            changed.new_fields.append(f"{name}.{new.name}")
            return


class _Business:
    """The day of one object."""

    def __init__(
        self,
        org: Org,
        edits: Edits,
        sobject: SObject,
        world: World,
        changed: Changed,
        window: tuple[float, float],
    ) -> None:
        self.edits = edits
        self.sobject = sobject
        self.world = world
        self.changed = changed
        self.draw = Draw(f"{world.seed}:{sobject.name}")
        self.start, self.span = window
        self.load = from_seconds(self.start + self.draw.random() * self.span)
        self.touched: set[int] = set()
        self.spec = None if org.store.meta("foreign") else BY_NAME.get(sobject.name)
        self.history = org.store.catalog.find("OpportunityHistory") if self.spec else None
        self.fields = [Field.from_describe(each) for each in sobject.describe["fields"]]

    def run(self, day: Day) -> None:
        count = self.edits.db.execute(
            f"SELECT max(rowid) FROM {self.sobject.table}"  # noqa: S608
        ).fetchone()[0]
        if not count:
            return
        for row in self._rows(count, day.updates, deleted=False):
            self._update(row)
        self.changed.add(self.sobject.name, "formulas", self._drift(count, day.formulas))
        if self.sobject.has_deleted:
            for kind, share, deleted in (
                ("deleted", day.deletes, False),
                ("undeleted", day.undeletes, True),
                ("purged", day.purges, True),
                ("hard deleted", day.hard_deletes, False),
            ):
                self._move(kind, list(self._rows(count, share, deleted=deleted)))
        for _ in range(self._times(count, day.inserts)):
            self._insert()

    def stamp(self) -> str:
        """A moment of the day; a third of the edits are one data-loader batch."""
        if self.draw.chance(0.33):
            return self.load
        return from_seconds(self.start + self.draw.random() * self.span)

    def _times(self, count: int, share: float) -> int:
        """A share of a count, the fraction by chance; at least once when there is a share."""
        return max(1, round(count * share)) if share > 0 else 0

    def _rows(self, count: int, share: float, *, deleted: bool) -> Iterator[Row]:
        """Some records that were not touched in this change and last changed before it."""
        left = self._times(count, share)
        where = f'AND "IsDeleted" = {int(deleted)}' if self.sobject.has_deleted else ""
        # The + keeps SQLite from the stamp's index, which would always find the oldest.
        older = f'AND +"{self.sobject.stamp}" < ?'
        limit = from_seconds(self.start)
        # Taken from a random place on: quick, and the bin is too small for guessing.
        for _ in range(left * 6):
            if left == 0:
                return
            cursor = self.edits.db.execute(
                f"SELECT rowid, * FROM {self.sobject.table} "  # noqa: S608
                f"WHERE rowid >= ? {where} {older} LIMIT 1",
                (self.draw.whole(1, count), limit),
            )
            found = cursor.fetchone()
            if found is None or found[0] in self.touched:
                continue
            self.touched.add(found[0])
            left -= 1
            yield dict(zip((each[0] for each in cursor.description), found, strict=True))

    def _move(self, kind: str, rows: list[Row]) -> None:
        does = {
            "deleted": self.edits.delete,
            "undeleted": self.edits.undelete,
            "purged": self.edits.purge,
            "hard deleted": self.edits.purge,
        }[kind]
        for row in rows:
            does(self.sobject, row["Id"], self.stamp())
        self.changed.add(self.sobject.name, kind, len(rows))

    def _update(self, row: Row) -> None:
        stamp = self.stamp()
        kind = "updated"
        if self.spec is sales.OPPORTUNITY and not row["IsClosed"] and self.draw.chance(0.6):
            values = self._next_stage(row, stamp)
            kind = "stages moved"
        elif "OwnerId" in row and self.draw.chance(0.3):
            values = {"OwnerId": self.world.user(self.draw)}
            kind = "owners changed"
        else:
            values = self._some_values()
        values |= self._new_values()
        self.edits.update(self.sobject, row["Id"], values, stamp)
        self.changed.add(self.sobject.name, kind)

    def _some_values(self) -> Row:
        free = [
            each
            for each in self.fields
            if not (each.required or each.read_only or each.formula or each.compound or each.to)
            and not each.external_id
            and each.type not in ("base64", "address", "location", "anyType")
            and each.name not in _WOVEN
        ]
        if not free:
            return {}
        chosen = {self.draw.pick(free) for _ in range(self.draw.whole(1, 3))}
        return {each.name: fill_in(each, self.draw, self.world) for each in chosen}

    def _new_values(self) -> Row:
        """Values of fields that were added after the org was made, in half of the edits."""
        names = {new.name for name, new in NEW_FIELDS if name == self.sobject.name}
        return {
            each.name: fill_in(each, self.draw, self.world)
            for each in self.fields
            if each.name in names and self.draw.chance(0.5)
        }

    def _next_stage(self, row: Row, stamp: str) -> Row:
        names = [stage.name for stage in sales.STAGES]
        position = names.index(row["StageName"])
        won = self.draw.chance(0.5)
        stage = sales.STAGES[position + 1 if position < 4 and won else 5 if won else 6]
        amount = self.draw.amount() if self.draw.chance(0.2) else row["Amount"]
        self._history(row["Id"], sales.Step(0.0, stage, amount, row["CloseDate"]), stamp)
        return sales.staged(stage, amount) | {"LastStageChangeDate": stamp}

    def _history(self, opportunity: str, step: sales.Step, stamp: str) -> None:
        if self.history is None:
            return
        row = sales.history_row(opportunity, step) | {"CreatedById": self.world.user(self.draw)}
        self.edits.insert(self.history, row, stamp)
        self.changed.add(self.history.name, "inserted")

    def _insert(self) -> None:
        index = self.edits.new_index(self.sobject)
        stamp = self.stamp()
        row: Row = {"Id": self.world.id(self.sobject.name, index)}
        if self.spec is not None:
            self.spec.fill(row, self.draw, self.world, index)
            row = {name: value for name, value in row.items() if self._as_made(name)}
        for name in ("_created", "_modified"):
            row.pop(name, None)
        for each in self.fields:
            if each.name in row or each.type in ("address", "location"):
                continue
            wanted = each.required or self.draw.chance(0.7)
            row[each.name] = fill_in(each, self.draw, self.world) if wanted else None
        self._settle(row, stamp)
        self.edits.insert(self.sobject, row, stamp)
        self.changed.add(self.sobject.name, "inserted")

    def _as_made(self, name: str) -> bool:
        """Whether a story's value still fits: no administrator removed or retyped the field."""
        now = self.sobject.fields.get(name.lower())
        made = {each.name: each.type for each in self.spec.all_fields} if self.spec else {}
        return name not in made or (now is not None and now.type == made[name])

    def _settle(self, row: Row, stamp: str) -> None:
        """What a story took from the past is put right for a record made today."""
        for name in ("CreatedById", "LastModifiedById"):
            if name in row:
                row[name] = self.world.user(self.draw)
        if self.spec is None:
            return
        if self.sobject.name == "Case":
            row |= {"Status": "New", "IsClosed": 0, "IsEscalated": 0, "ClosedDate": None}
        if self.spec is sales.OPPORTUNITY:
            stage = sales.STAGES[0]
            row |= sales.staged(stage, row["Amount"]) | {"LastStageChangeDate": None}
            step = sales.Step(0.0, stage, row["Amount"], row["CloseDate"])
            self._history(row["Id"], step, stamp)

    def _drift(self, count: int, share: float) -> int:
        formulas = [each for each in self.fields if each.formula]
        done = 0
        for row in self._rows(count, share if formulas else 0, deleted=False):
            values: dict[str, Any] = {
                each.name: fill_in(each, self.draw, self.world) for each in formulas
            }
            self.edits.touch_silently(self.sobject, row["Id"], values)
            done += 1
        return done
