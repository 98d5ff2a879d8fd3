-- The place for the demo's target beside the control database; a real one is named by TARGET_URL.
CREATE DATABASE replica;
