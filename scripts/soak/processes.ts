/** Web 2 and worker 2 under so many requests a second, through so many changes. */
export async function processes(seed: number, changes: number, perSecond: number): Promise<void> {
  console.log(`processes: seed ${seed}, ${changes} changes, ${perSecond} requests a second`);
  // They read the names of the images.
  const { changeStory, seeded, workerSource } = await import("../../test/support/processes-e2e.ts");
  const { startServer } = await import("../../test/support/mypaas-e2e.ts");
  const random = seeded(seed);
  const server = await startServer("t-soak");
  const total = { releases: 0, sent: 0, failed: 0, oldAfterNew: 0, leftOut: 0 };
  const wrong: string[] = [];
  try {
    const keys = ["scale = 2", "process.worker.scale = 2"];
    const web = await workerSource(server, "web", keys);
    await server.mustPush(web);
    for (let done = 0; done < changes; done += 10) {
      const load = server.load(web.host, { perSecond });
      const count = Math.min(10, changes - done);
      const story = await changeStory(server, web, { count, random });
      const report = await load.stop();
      total.releases += story.releases;
      for (const name of ["sent", "failed", "oldAfterNew", "leftOut"] as const)
        total[name] += report[name];
      wrong.push(...story.oldAfterReceipt, ...story.incomplete, ...Object.keys(report.reasons));
      console.log(`${done + count} changes: ${JSON.stringify(total)}, ${wrong.length} wrong`);
    }
  } finally {
    await server.remove();
  }
  for (const line of wrong) console.log(line);
  if (total.failed > 0 || wrong.length > 0) process.exitCode = 1;
}
