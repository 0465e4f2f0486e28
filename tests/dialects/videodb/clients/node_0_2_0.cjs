// The way from a file to its transcript with the Node client; prints what it saw. Arguments: URL, key, file.
const { connect } = require("videodb");

async function main([baseUrl, apiKey, filePath]) {
  const collection = await connect({ apiKey, baseUrl }).getCollection();
  const video = await collection.uploadFile({ filePath, name: "talk" });
  const first = await video.generateTranscript({ languageCode: "en" });
  const second = await video.generateTranscript();
  const data = await video.getTranscript();
  const listed = (await collection.getVideos()).map((each) => each.id);
  await video.delete();
  const refused = await connect({ apiKey: "sk-wrong", baseUrl })
    .getCollections()
    .catch((error) => error.constructor.name);
  return {
    generated: [first.message, second.message],
    words: data.wordTimestamps.map((row) => row.text),
    text: data.text,
    listed: listed.includes(video.id),
    refused,
  };
}

main(process.argv.slice(2)).then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error) => {
    process.stderr.write(`${error.stack}\n${JSON.stringify(error)}`);
    process.exit(1);
  },
);
