{#- Python for upkeep: what is due of a table, by its own metadata, and Iceberg's procedures that do it.

    One statement for all tables, some at a time: each takes seconds, most of them spent in waiting for
    the catalog and S3. Random order, so that none is always the one that time does not reach. -#}
{% macro upkeep_as_python() -%}
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

MB, HOUR = 2**20, 3_600_000
SMALL, TARGET, LARGE = 16 * MB, 128 * MB, 1024 * MB
LATE = 'the time was over before they were begun; they are kept another day'

def keep_young(tables, settings):
    ends = time.time() + 60 * settings['minutes']

    def kept(table):
        if time.time() > ends:
            return table, '', LATE
        try:
            return table, ', '.join(Table(table, tables[table], settings).keep()), ''
        except Exception as error:
            told = str(getattr(error, 'java_exception', None) or error).strip()
            return table, '', (told.splitlines() or [type(error).__name__])[0][:300]

    # A catalog lists what is there: a model that was never built has no table.
    there = {f'{row[0]}.{row[1]}' for name in {table.split('.')[0] for table in tables}
             for row in spark.sql(f'show tables in glue_catalog.{name}').collect()}
    names = [table for table in tables if table in there]
    random.shuffle(names)
    parts = spark.conf.get('spark.sql.shuffle.partitions')
    spark.conf.set('spark.sql.shuffle.partitions', spark.sparkContext.defaultParallelism)
    try:
        with ThreadPoolExecutor(4) as pool:
            rows = sorted(row for row in pool.map(kept, names) if row[1] or row[2])
    finally:
        spark.conf.set('spark.sql.shuffle.partitions', parts)
    late = len([row for row in rows if row[2] == LATE])
    rows = [row for row in rows if row[2] != LATE] + [(f'{late} more', '', LATE)] * bool(late)
    columns = ['table', 'done', 'failed']
    print(json.dumps({
        'type': 'results',
        'rowcount': len(rows),
        'results': [{'type': 'record', 'data': dict(zip(columns, row))} for row in rows],
        'description': [{'name': name, 'type': 'string'} for name in columns],
    }))

class Table:
    def __init__(self, name, properties, settings):
        self.name, self.wanted, self.settings = 'glue_catalog.' + name, properties, settings

    def keep(self):
        yield from self.properties()
        yield from self.snapshots()
        yield from self.small_files()

    def call(self, procedure, arguments):
        found = spark.sql(f"call glue_catalog.system.{procedure}(table => '{self.name}', {arguments})")
        return found.first()

    def summary(self):
        of = f'select summary from {self.name}.snapshots order by committed_at desc limit 1'
        found = spark.sql(of).first()
        return lambda name: int(found[0].get('total-' + name) or 0) if found else 0

    def properties(self):
        has = {row[0] for row in spark.sql(f'show tblproperties {self.name}').collect()}
        lacks = {k: v for k, v in self.wanted.items() if k not in has}
        if lacks:
            pairs = ', '.join(f"'{name}' = '{value}'" for name, value in lacks.items())
            spark.sql(f'alter table {self.name} set tblproperties ({pairs})')
            yield 'set ' + ', '.join(lacks)

    def snapshots(self):
        of = f'select unix_millis(committed_at) from {self.name}.snapshots order by 1'
        moments, now = [row[0] for row in spark.sql(of).collect()], time.time() * 1000

        def going(hours, last):
            # Who reads a snapshot may have begun when it was the current one: its age counts
            # from the day on which another took its place.
            current = max((at for at in moments if at <= now - hours * HOUR), default=0)
            return len([at for at in moments[:-last] if at < current]), current, last

        days = self.settings['keep_days']
        count, before, last = max(
            going(self.settings['keep_hours'], self.settings['keep_snapshots']), going(24 * days, 1)
        )
        overdue = len(moments) > 1 and moments[1] < now - 24 * (days + 1) * HOUR
        if count >= 20 or count and (overdue or self.settings['at_once']):
            at = datetime.fromtimestamp(before / 1000, timezone.utc).isoformat(' ', 'milliseconds')
            self.call('expire_snapshots', f"older_than => timestamp '{at}', retain_last => {last}")
            yield f'{count} snapshots expired'

    def small_files(self):
        # Only files below 16 MB are merged, whatever the size of the table, and larger ones written
        # anew once 30 % of their rows are gone: a row is written again a few times in its life.
        total = self.summary()
        least = 2 if self.settings['at_once'] else 32
        surplus = total('data-files') - total('files-size') // SMALL
        if surplus < least and total('position-deletes') <= 0.3 * total('records'):
            return
        done = self.call('rewrite_data_files', options({
            'min-input-files': least,
            'min-file-size-bytes': SMALL,
            'target-file-size-bytes': TARGET,
            'max-file-size-bytes': LARGE,
            'delete-ratio-threshold': 0.3,
        }))
        if not done.rewritten_data_files_count:
            return
        yield f'{done.rewritten_data_files_count} files into {done.added_data_files_count}'
        if total('delete-files'):
            # Else those of the files that were replaced stay, and each reader opens them.
            done = self.call('rewrite_position_delete_files', options({'rewrite-all': 'true'}))
            yield f'{done.rewritten_delete_files_count} delete files into {done.added_delete_files_count}'

def options(named):
    pairs = ', '.join(f"'{name}', '{value}'" for name, value in named.items())
    return f'options => map({pairs})'
{%- endmacro %}
